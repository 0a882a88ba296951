#include "load/viewer.h"

#include <algorithm>
#include <array>

#include "load/synthetic_vp8.h"
#include "wire/payload.h"

namespace bridgehall::load {
namespace {
constexpr Duration kReportInterval = 1s;
constexpr Duration kPliInterval = 500ms;
constexpr Duration kLikelyRoundTrip = 10ms;  // until STUN has measured one

// RFC 3550 section 6.4.1: whoever gets the report takes the delay here off the time since its own, and so measures a
// longer way.
wire::ReportBlock feign(wire::ReportBlock block, Duration round_trip) {
  const auto units = static_cast<std::uint32_t>(round_trip.count() * 65'536 / 1'000'000'000);
  block.delay_since_last -= std::min(block.delay_since_last, units);
  return block;
}
}  // namespace

ViewerCounters& ViewerCounters::operator+=(const ViewerCounters& o) {
  packets += o.packets;
  bytes += o.bytes;
  expected += o.expected;
  received += o.received;
  duplicates += o.duplicates;
  retransmissions += o.retransmissions;
  nacked += o.nacked;
  plis += o.plis;
  undecryptable += o.undecryptable;
  keyframes += o.keyframes;
  return *this;
}

ViewerCounters ViewerCounters::operator-(const ViewerCounters& o) const {
  return {packets - o.packets,
          bytes - o.bytes,
          expected - o.expected,
          received - o.received,
          duplicates - o.duplicates,
          retransmissions - o.retransmissions,
          nacked - o.nacked,
          plis - o.plis,
          undecryptable - o.undecryptable,
          keyframes - o.keyframes};
}

Viewer::Viewer(const session::ClientEnd& local, const session::Agreed& agreed, const ViewerSettings& settings,
               crypto::DtlsFactory& dtls, RandomSource& random, TimePoint now)
    : link_(local, agreed, dtls, random, now),
      cname_(local.cname),
      own_ssrc_(random.u32() | 1),
      decrypt_every_(static_cast<std::uint64_t>(std::max(settings.decrypt_every, 1))),
      feigned_round_trip_(settings.feigned_round_trip),
      lost_below_(static_cast<std::uint32_t>(settings.lose * UINT32_MAX)),
      losses_(own_ssrc_.value()) {
  for (const auto& track : agreed.tracks) {
    const auto number = static_cast<std::uint32_t>(streams_.size());
    labels_.push_back({track.remote_ssrc, number, false});
    if (track.remote_rtx_ssrc.value() != 0) labels_.push_back({track.remote_rtx_ssrc, number, true});
    streams_.push_back({.track = track, .log = session::ReceiveLog(wire::clock_rate_of(track.codec.codec))});
  }
}

bool Viewer::decodable() const {
  const auto lacks = [](const Stream& stream) { return stream.is_video() && !stream.decodable; };
  return std::any_of(streams_.begin(), streams_.end(), [](const Stream& stream) { return stream.is_video(); }) &&
         std::none_of(streams_.begin(), streams_.end(), lacks);
}

std::optional<TimePoint> Viewer::decodable_since() const {
  std::optional<TimePoint> last;
  for (const auto& stream : streams_) {
    if (!stream.is_video()) continue;
    if (!stream.decodable_since) return std::nullopt;
    last = std::max(last, stream.decodable_since);
  }
  return last;
}

void Viewer::handle_datagram(MutableBytes datagram, const NetworkPath& path, TimePoint now, TimePoint arrived,
                             LatencyHistogram* latency) {
  if (link_.handle_control(datagram, path, now) || !link_.connected()) return;
  if (wire::classify_datagram(datagram) == wire::DatagramKind::rtp)
    return handle_rtp(datagram, now, Gauge{arrived, latency});
  if (const auto compound = link_.open_rtcp(datagram)) handle_rtcp(*compound, now);
}

void Viewer::handle_rtp(MutableBytes datagram, TimePoint now, const Gauge& gauge) {
  const auto header = wire::parse_rtp_header(datagram);
  if (!header || (lost_below_ > 0 && losses_.u32() < lost_below_)) return;
  ++counters_.packets;
  counters_.bytes += datagram.size();
  const auto label =
      std::find_if(labels_.begin(), labels_.end(), [&](const Label& known) { return known.ssrc == header->ssrc; });
  if (label == labels_.end()) return;
  auto& stream = streams_[label->stream];
  arrivals_.note(datagram, *header, stream.track.extensions[wire::ExtensionKind::transport_sequence], gauge.arrived);
  if (label->retransmits) return handle_retransmission(stream, datagram, *header, now, gauge);
  const auto result = stream.log.on_packet(header->sequence_number, header->timestamp, now);
  if (result.too_many_missing) stream.decodable = false;
  if (++stream.seen % decrypt_every_ == 0 || (stream.is_video() && !stream.decodable))
    look_into(stream, datagram, *header, gauge);
}

void Viewer::look_into(Stream& stream, MutableBytes datagram, const wire::RtpHeader& header, const Gauge& gauge) {
  const auto opened = link_.transport().opener().open_rtp(datagram, header, stream.srtp);
  if (!opened) {
    if (opened.error() == crypto::SrtpError::authentication_failed) ++counters_.undecryptable;
    return;
  }
  const auto payload = wire::rtp_payload(datagram.first(opened->size), header);
  if (!payload || payload->empty()) return;
  gauge.add(*payload);
  if (!stream.is_video()) return;
  const auto info = wire::parse_payload(stream.track.codec.codec, *payload);
  if (!info || !info->keyframe) return;
  ++counters_.keyframes;
  stream.decodable = true;
  if (!stream.decodable_since) stream.decodable_since = gauge.arrived;
}

// RFC 4588 section 4: two bytes of the original sequence number, then the original payload.
void Viewer::handle_retransmission(Stream& stream, MutableBytes datagram, const wire::RtpHeader& header, TimePoint now,
                                   const Gauge& gauge) {
  ++counters_.retransmissions;
  const auto opened = link_.transport().opener().open_rtp(datagram, header, stream.rtx_srtp);
  if (!opened) {
    ++counters_.undecryptable;
    return;
  }
  const auto payload = wire::rtp_payload(datagram.first(opened->size), header);
  if (!payload || payload->size() < 2) return;
  stream.log.on_packet(load_u16(payload->data()), header.timestamp, now, true);
  gauge.add(payload->subspan(2));
}

void Viewer::Gauge::add(BytesView payload) const {
  if (latency != nullptr && payload.size() >= kStampSize) latency->add(arrived - read_stamp(payload));
}

void Viewer::handle_rtcp(BytesView compound, TimePoint now) {
  wire::RtcpWalk walk(compound);
  for (wire::RtcpPacket packet; walk.next(packet);) {
    wire::SenderInfo info;
    if (packet.type != wire::RtcpType::sender_report || !parse_sender_info(packet, info)) continue;
    for (auto& stream : streams_)
      if (stream.track.remote_ssrc == info.ssrc) stream.log.on_sender_report(info.ntp, now);
  }
}

void Viewer::handle_timeout(TimePoint now) {
  link_.handle_timeout(now);
  if (!link_.connected()) return;
  for (auto& stream : streams_) {
    if (!stream.is_video()) continue;
    if (!stream.decodable && stream.next_pli <= now) ask_for_keyframe(stream, now);
    if (stream.log.next_nack_deadline() <= now) send_nacks(stream, now);
  }
  arrivals_.send_due(now, own_ssrc_, link_);
  if (next_report_ <= now) send_report(now);
}

void Viewer::ask_for_keyframe(Stream& video, TimePoint now) {
  video.next_pli = now + kPliInterval;
  std::array<std::uint8_t, 64> buffer;
  ByteWriter writer(buffer);
  wire::write_receiver_report(writer, own_ssrc_, {});
  wire::write_pli(writer, own_ssrc_, video.track.remote_ssrc);
  link_.send_rtcp(writer.written());
  ++counters_.plis;
}

void Viewer::send_nacks(Stream& video, TimePoint now) {
  std::array<std::uint16_t, session::ReceiveLog::kMaxMissing> missing;
  const auto count =
      video.log.collect_nacks(now, link_.transport().round_trip_time().value_or(kLikelyRoundTrip), missing);
  if (count == 0) return;
  std::array<std::uint8_t, 1200> buffer;
  ByteWriter writer(buffer);
  wire::write_receiver_report(writer, own_ssrc_, {});
  wire::write_nack(writer, own_ssrc_, video.track.remote_ssrc, std::span(missing).first(count));
  link_.send_rtcp(writer.written());
  counters_.nacked += count;
}

void Viewer::send_report(TimePoint now) {
  next_report_ = now + kReportInterval;
  std::vector<wire::ReportBlock> blocks;
  for (auto& stream : streams_)
    if (stream.log.started())
      blocks.push_back(feign(stream.log.report(stream.track.remote_ssrc, now), feigned_round_trip_));
  std::span<const wire::ReportBlock> rest(blocks);
  do {
    const auto some = rest.first(std::min(rest.size(), wire::kMaxReportBlocks));
    rest = rest.subspan(some.size());
    std::array<std::uint8_t, 1200> buffer;
    ByteWriter writer(buffer);
    wire::write_receiver_report(writer, own_ssrc_, some);
    wire::write_source_description(writer, own_ssrc_, cname_);
    link_.send_rtcp(writer.written());
  } while (!rest.empty());
}

ViewerCounters Viewer::counters() const {
  auto counters = counters_;
  for (const auto& stream : streams_) {
    counters.expected +=
        static_cast<std::uint64_t>(static_cast<std::int64_t>(stream.log.received()) + stream.log.lost());
    counters.received += stream.log.received();
    counters.duplicates += stream.log.duplicates();
  }
  return counters;
}

}  // namespace bridgehall::load

#include "media/feedback.h"

#include <algorithm>
#include <array>

namespace bridgehall::media {
namespace {

constexpr std::size_t kMaxRtcp = 1200;        // plain size of a compound packet of ours
constexpr std::size_t kRtcpOverhead = 64;     // what sealing may add
constexpr Duration kSenderRoundTrip = 100ms;  // ICE-lite sends no checks, so it does not know; a usual one

OutgoingStream* find_outgoing(Peer& peer, Ssrc ssrc) {
  const auto found = std::find_if(peer.outgoing.begin(), peer.outgoing.end(),
                                  [&](const auto& stream) { return stream.stream.ssrc() == ssrc; });
  return found == peer.outgoing.end() ? nullptr : &*found;
}

}  // namespace

void Feedback::receive(Peer& peer, MutableBytes datagram, TimePoint now, Wishes& wishes) {
  const auto opened = peer.transport.opener().open_rtcp(datagram);
  if (!opened) {
    const bool replayed = opened.error() == crypto::SrtpError::replayed || opened.error() == crypto::SrtpError::too_old;
    return drop(replayed ? Drop::srtcp_replayed : Drop::srtcp_authentication);
  }
  nacked_in_datagram_ = 0;
  wire::RtcpWalk walk(datagram.first(*opened));
  wire::RtcpPacket packet;
  while (walk.next(packet)) {
    wire::SenderInfo info;
    Ssrc sender, media;
    if (packet.type == wire::RtcpType::sender_report) {
      if (wire::parse_sender_info(packet, info)) receive_sender_report(peer, info, now);
    } else if (packet.type == wire::RtcpType::transport_feedback && packet.count_or_format == wire::kFormatNack) {
      if (wire::parse_feedback_ssrcs(packet, sender, media)) receive_nack(peer, packet, media, now, wishes);
    } else if (packet.type == wire::RtcpType::payload_feedback && packet.count_or_format == wire::kFormatPli) {
      if (wire::parse_feedback_ssrcs(packet, sender, media)) want_keyframe(peer, media, now, wishes);
    } else if (packet.type == wire::RtcpType::payload_feedback && packet.count_or_format == wire::kFormatFir) {
      wire::for_each_fir(packet, [&](Ssrc ssrc) { want_keyframe(peer, ssrc, now, wishes); });
    } else if (packet.type == wire::RtcpType::transport_feedback &&
               packet.count_or_format == wire::kFormatTransportCc) {
      receive_arrivals(peer, packet, now);
    }
    if (packet.type == wire::RtcpType::sender_report || packet.type == wire::RtcpType::receiver_report)
      receive_report_blocks(peer, packet, now);
  }
  if (walk.failed()) drop(Drop::rtcp_malformed);
}

void Feedback::receive_sender_report(Peer& peer, const wire::SenderInfo& info, TimePoint now) {
  const auto reported = std::find_if(peer.incoming.begin(), peer.incoming.end(),
                                     [&](const auto& stream) { return stream.ssrc == info.ssrc && stream.attached(); });
  if (reported == peer.incoming.end()) return;
  reported->log.on_sender_report(info.ntp, now);
  reported->report = info;
  peer.clock.on_sender_report(info.ntp, ntp_.ntp_at(now), now);
  // What the clock has learnt moves all streams of the peer together: a report that was delayed on its way must not put
  // its sound and its picture apart.
  for (const auto& stream : peer.incoming) {
    if (!stream.report || !stream.attached()) continue;
    const auto local = peer.clock.to_local(stream.report->ntp);
    if (!local) continue;
    auto& layer = tables_.layers[stream.layer];
    layer.clock.on_sender_report(stream.report->rtp_timestamp, *local);
    mirrors_.tell_clock(layer);
  }
}

void Feedback::receive_nack(Peer& peer, const wire::RtcpPacket& packet, Ssrc media, TimePoint now, Wishes& wishes) {
  auto* stream = find_outgoing(peer, media);
  if (stream == nullptr || !stream->can_repeat() || !stream->shows_something()) return;
  const auto next = tables_.layers[stream->layer].history.next();
  const auto track = static_cast<std::uint32_t>(stream - peer.outgoing.data());
  wire::for_each_nack(packet, [&](std::uint16_t sequence) {
    ++counters_.nacked_received;
    if (peer.repeats.size() >= Peer::kMaxRepeats || ++nacked_in_datagram_ > kMaxNacked) return;
    const auto arrival = stream->sent.take_for_repeat(sequence, next, now);
    if (!arrival) return;
    peer.repeats.push_back({track, sequence, *arrival});
    wishes.repeats = true;
  });
}

void Feedback::want_keyframe(Peer& peer, Ssrc media, TimePoint now, Wishes& wishes) {
  auto* stream = find_outgoing(peer, media);
  if (stream == nullptr || !stream->shows_something() || stream->kind != wire::MediaKind::video) return;
  ++counters_.plis_received;
  auto& layer = tables_.layers[stream->layer];
  if (!layer.open) return;  // its keyframe would not be forwarded, so the wish would never end
  if (!layer.keyframes.wanted() && !peer.keyframe_wishes.take(Peer::kKeyframeWishes, now)) return;
  layer.keyframes.want();
  wishes.keyframes.push_back(stream->layer);
}

// What came of the packets with transport-wide numbers.
void Feedback::receive_arrivals(Peer& peer, const wire::RtcpPacket& packet, TimePoint now) {
  if (!peer.downlink || !peer.downlink->log) return;
  wire::TransportFeedback header;
  const auto count = wire::parse_transport_feedback(packet, header, entries_);
  if (count < 0) return drop(Drop::rtcp_malformed);
  const auto entries = std::span{entries_}.first(static_cast<std::size_t>(count));
  peer.downlink->monitor.add(peer.downlink->log->on_feedback(entries, now), now);
}

// The only word about the line from receivers without transport-wide numbers.
void Feedback::receive_report_blocks(Peer& peer, const wire::RtcpPacket& packet, TimePoint now) {
  if (!peer.downlink || peer.downlink->log) return;
  std::array<wire::ReportBlock, 31> blocks;
  const auto count = wire::parse_report_blocks(packet, blocks);
  for (const auto& block : std::span{blocks}.first(count))
    if (auto* stream = find_outgoing(peer, block.ssrc))
      peer.downlink->monitor.add(stream->reported.on_report_block(block, ntp_.ntp_at(now)), now);
}

TimePoint Feedback::next_deadline(const Peer& peer) const {
  if (!peer.active) return kNever;
  auto deadline = peer.next_report;
  if (peer.arrivals) deadline = std::min(deadline, peer.arrivals->next_deadline());
  for (const auto& stream : peer.incoming)
    if (stream.track.codec.nack && stream.attached()) deadline = std::min(deadline, stream.log.next_nack_deadline());
  return deadline;
}

void Feedback::send_due(Peer& peer, TimePoint now) {
  if (!peer.active) return;
  if (now >= peer.next_report) {
    send_reports(peer, now);
    peer.next_report = Peer::in_company(now + Peer::kReportInterval);
  }
  if (peer.arrivals && now >= peer.arrivals->next_deadline()) send_arrivals(peer, now);
  send_nacks(peer, now);
}

// Writes a compound packet, seals it and puts it into the outbox.
template <class Write>
void Feedback::send(Peer& peer, Write&& write) {
  const auto room = outbox_.reserve(kMaxRtcp + kRtcpOverhead);
  ByteWriter writer(room.first(kMaxRtcp));
  write(writer);
  if (writer.size() == 0) return;
  outbox_.commit(peer.transport.path(), peer.transport.sealer().seal_rtcp(room, writer.size()));
}

// Where a slot's timestamps stand at `ntp`; nothing while it has begun nothing of what it shows.
std::optional<std::uint32_t> Feedback::sent_timestamp_at(const OutgoingStream& stream, NtpTime ntp) const {
  if (!stream.shows_something() || stream.stream.packets() == 0 || !stream.rewriter.started()) return std::nullopt;
  const auto& layer = tables_.layers[stream.layer];
  if (stream.rewriter.epoch() != layer.epoch) return std::nullopt;
  const auto* source = layer.is_line() && !layer.elsewhere ? tables_.layers.get(layer.copied_from) : &layer;
  const auto rtp = source != nullptr ? source->clock.rtp_at(ntp) : std::nullopt;
  if (!rtp) return std::nullopt;
  return *rtp + layer.timestamp_shift + stream.rewriter.timestamp_offset();
}

void Feedback::send_sender_reports(Peer& peer, TimePoint now) {
  constexpr std::size_t kMaxDescription = 300;  // SDES with a CNAME of 255 bytes
  const auto ntp = ntp_.ntp_at(now);
  for (std::size_t next = 0; next < peer.outgoing.size();) {
    send(peer, [&](ByteWriter& out) {
      for (; next < peer.outgoing.size() && out.size() + kMaxDescription < kMaxRtcp; ++next) {
        const auto& stream = peer.outgoing[next];
        if (const auto timestamp = sent_timestamp_at(stream, ntp))
          wire::write_sender_report(out,
                                    {.ssrc = stream.stream.ssrc(),
                                     .ntp = ntp,
                                     .rtp_timestamp = *timestamp,
                                     .packets = stream.stream.packets(),
                                     .octets = stream.stream.octets()},
                                    {});
      }
      if (out.size() > 0) wire::write_source_description(out, peer.outgoing.front().stream.ssrc(), peer.cname);
    });
  }
}

void Feedback::send_reports(Peer& peer, TimePoint now) {
  send_sender_reports(peer, now);
  for (auto& stream : peer.outgoing) stream.sent.fit(stream.stream.packets());
  if (!peer.incoming.empty()) {
    send(peer, [&](ByteWriter& out) {
      std::array<wire::ReportBlock, 31> blocks;
      std::size_t count = 0;
      for (auto& stream : peer.incoming)
        if (stream.log.started() && count < blocks.size()) blocks[count++] = stream.log.report(stream.ssrc, now);
      wire::write_receiver_report(out, peer.report_ssrc, std::span{blocks}.first(count));
      wire::write_source_description(out, peer.report_ssrc, peer.cname);
    });
  }
}

void Feedback::send_nacks(Peer& peer, TimePoint now) {
  for (auto& stream : peer.incoming) {
    if (!stream.track.codec.nack || !stream.attached() || now < stream.log.next_nack_deadline()) continue;
    std::array<std::uint16_t, 64> missing;
    const auto count = stream.log.collect_nacks(now, kSenderRoundTrip, missing);
    if (count == 0) continue;
    counters_.nacked_sent += count;
    send(peer, [&](ByteWriter& out) {
      wire::write_nack(out, peer.report_ssrc, stream.ssrc, std::span{missing}.first(count));
    });
  }
}

void Feedback::send_arrivals(Peer& peer, TimePoint now) {
  const auto media = peer.incoming.empty() ? Ssrc{} : peer.incoming.front().ssrc;
  for (bool more = true; more;) {
    send(peer, [&](ByteWriter& out) {
      std::array<std::uint8_t, kMaxRtcp> packet;
      const auto size = peer.arrivals->build(now, peer.report_ssrc, media, packet);
      more = size > 0;
      out.bytes(BytesView{packet}.first(size));
    });
  }
}

void Feedback::send_keyframe_request(Layer& layer) {
  if (!layer.sender) return;
  auto& peer = tables_.peers[layer.sender->peer];
  if (!peer.active) return;
  const auto& stream = peer.incoming[layer.sender->track];
  if (stream.ssrc == Ssrc{}) return;
  ++counters_.plis_sent;
  send(peer, [&](ByteWriter& out) {
    if (stream.track.codec.pli)
      wire::write_pli(out, peer.report_ssrc, stream.ssrc);
    else if (stream.track.codec.fir)
      wire::write_fir(out, peer.report_ssrc, stream.ssrc, layer.fir_number++);
  });
}

}  // namespace bridgehall::media

#include "sim/viewer.h"

#include <algorithm>

#include "base/sequence.h"

namespace bridgehall::sim {
namespace {

constexpr Duration kReportInterval = 1s;
constexpr Duration kRoundTrip = 60ms;

media::OutgoingTrack video_track(const ViewerOptions& o, media::PeerId peer) {
  media::OutgoingTrack track{
      .track = {.mid = "v",
                .kind = wire::MediaKind::video,
                .codec = {.codec = o.codec,
                          .payload_type = ModelViewer::kVideoType,
                          .rtx_payload_type = o.rtx ? ModelViewer::kVideoRtxType : std::uint8_t{0},
                          .nack = o.nack,
                          .pli = true,
                          .fir = true}},
      .ssrc = Ssrc{0x20000000 + peer.value() * 4},
      .rtx_ssrc = Ssrc{0x20000001 + peer.value() * 4},
      .publication = o.video};
  track.track.extensions[wire::ExtensionKind::video_orientation] = 7;
  track.track.extensions[wire::ExtensionKind::dependency_descriptor] = o.two_byte_extensions ? 33 : 9;
  return track;
}

media::OutgoingTrack audio_track(const ViewerOptions& o, media::PeerId peer) {
  media::OutgoingTrack track{.track = {.mid = "a",
                                       .kind = wire::MediaKind::audio,
                                       .codec = {.codec = wire::Codec::opus, .payload_type = ModelViewer::kAudioType}},
                             .ssrc = Ssrc{0x20000002 + peer.value() * 4},
                             .rtx_ssrc = Ssrc{0x20000003 + peer.value() * 4},
                             .publication = o.audio};
  track.track.extensions[wire::ExtensionKind::audio_level] = o.two_byte_extensions ? 20 : 2;
  return track;
}

}  // namespace

ModelViewer::ModelViewer(World& world, SimServer& server, const ClientSetup& setup, const ViewerOptions& options)
    : DirectClient(world, server, setup),
      options_(options),
      own_ssrc_(0x30000000 + setup.peer.value()),
      video_(world, setup.name + " video", video_track(options, setup.peer)),
      audio_(world, setup.name + " audio", audio_track(options, setup.peer)) {}

void ModelViewer::describe(media::CreatePeer& command) {
  const auto shard = media::shard_of_ufrag(command.transport.local.ufrag).value_or(media::ShardNumber{});
  for (auto* stream : {&video_, &audio_}) stream->check.set_shard(shard);
  // Audio first, as an offer may have it: the shard puts video in front.
  if (options_.has_audio) command.outgoing.push_back(audio_.check.track());
  command.outgoing.push_back(video_.check.track());
}

void ModelViewer::on_connected() {
  next_report_ = now() + kReportInterval;
  for (const auto& waiting : std::exchange(waiting_, {})) check_sealed(waiting.bytes, waiting.at);
}

void ModelViewer::on_left_server(BytesView sealed) {
  if (wire::classify_datagram(sealed) != wire::DatagramKind::rtp) return;
  if (connected()) return check_sealed(sealed, now());
  waiting_.push_back({{sealed.begin(), sealed.end()}, now()});
}

ModelViewer::Stream* ModelViewer::find(Ssrc ssrc, bool& rtx) {
  for (auto* stream : {&video_, &audio_}) {
    rtx = stream->check.track().rtx_ssrc == ssrc;
    if (rtx || stream->check.track().ssrc == ssrc) return stream;
  }
  return nullptr;
}

void ModelViewer::check_sealed(BytesView sealed, TimePoint at) {
  const auto header = wire::parse_rtp_header(sealed);
  if (!header) return world().violations.add(at, "{} is sent malformed RTP", name());
  bool rtx = false;
  auto* stream = find(header->ssrc, rtx);
  if (stream == nullptr) return world().violations.add(at, "{} is sent ssrc {}", name(), header->ssrc.value());
  std::copy(sealed.begin(), sealed.end(), scratch_.begin());
  const auto plain = MutableBytes{scratch_}.first(sealed.size());
  const auto opened = transport().opener().open_rtp(plain, *header, rtx ? stream->tap_rtx_srtp : stream->tap_srtp);
  if (!opened)
    return world().violations.add(at, "{} is sent RTP that does not open ({})", name(),
                                  static_cast<int>(opened.error()));
  const auto packet = plain.first(opened->size);
  if (rtx)
    stream->check.on_repeated(packet, *header, at);
  else
    stream->check.on_sent(packet, *header, static_cast<std::int64_t>(opened->index), at);
}

void ModelViewer::on_rtp(Datagram& datagram) {
  const auto header = wire::parse_rtp_header(datagram.bytes);
  bool rtx = false;
  auto* stream = header ? find(header->ssrc, rtx) : nullptr;
  if (stream == nullptr) return;  // a violation where it left
  const auto opened = transport().opener().open_rtp(datagram.bytes, *header, rtx ? stream->rtx_srtp : stream->srtp);
  if (!opened) {
    const bool replayed = opened.error() == crypto::SrtpError::replayed || opened.error() == crypto::SrtpError::too_old;
    if (!replayed) world().violations.add(now(), "{} cannot open RTP", name());
    return;
  }
  auto sequence = static_cast<std::int64_t>(opened->index);
  if (rtx) {
    const auto payload = wire::rtp_payload(BytesView{datagram.bytes}.first(opened->size), *header);
    if (!payload || payload->size() < 2) return;
    sequence = extend_sequence(stream->check.newest_sequence(), load_u16(payload->data()));
  }
  const auto noted = stream->log.on_packet(static_cast<std::uint16_t>(sequence), header->timestamp, now(), rtx);
  world().trace.note(now(), TraceKind::delivered, header->ssrc.value(), static_cast<std::uint64_t>(sequence),
                     header->timestamp);
  using Arrival = session::ReceiveLog::Arrival;
  if (noted.arrival == Arrival::in_order || noted.arrival == Arrival::late)
    on_media(*stream, sequence, rtx, datagram.sent_at);
}

void ModelViewer::on_media(Stream& stream, std::int64_t sequence, bool repeated, TimePoint) {
  ++stream.received;
  if (&stream == &video_) first_video_ = std::min(first_video_, sequence);
  recovered_ += repeated;
  const auto* sent = stream.check.sent(sequence);
  if (sent == nullptr) return;
  const auto place = static_cast<std::size_t>(sequence - stream.check.first_sequence());
  if (place >= stream.has.size()) stream.has.resize(place + 256);
  stream.has[place] = true;
  const auto& packet = world().ledger[sent->broadcast].packets[sent->index];
  if (&stream == &audio_) {
    newest_audio_ = std::max(newest_audio_, packet.captured_at);
  } else if (packet.payload_size > 0) {
    if (const int shown = frames_.on_packet(sent->broadcast, packet, now()); shown > 0)
      world().trace.note(now(), TraceKind::frame_decoded, peer().value(), frames_.decoded());
  }
}

bool ModelViewer::has_video(std::int64_t sequence) const {
  const auto place = sequence - video_.check.first_sequence();
  return place >= 0 && place < static_cast<std::int64_t>(video_.has.size()) &&
         video_.has[static_cast<std::size_t>(place)];
}

void ModelViewer::on_rtcp(const wire::RtcpPacket& packet, TimePoint sent_at) {
  wire::SenderInfo info;
  if (packet.type == wire::RtcpType::sender_report) {
    if (wire::parse_sender_info(packet, info)) on_sender_report(info, sent_at);
  } else if (packet.type != wire::RtcpType::source_description) {
    world().violations.add(now(), "{} was sent RTCP of type {}", name(), static_cast<int>(packet.type));
  }
}

// Which moment of the publisher's true time does the report stand for? The same for audio and video, whatever its clock
// says.
void ModelViewer::on_sender_report(const wire::SenderInfo& info, TimePoint sent_at) {
  bool rtx = false;
  auto* stream = find(info.ssrc, rtx);
  if (stream == nullptr || rtx)
    return world().violations.add(now(), "{} was sent a report of ssrc {}", name(), info.ssrc.value());
  if (info.packets > stream->check.packets())
    world().violations.add(now(), "{}: a report of more packets than were sent", name());
  stream->log.on_sender_report(info.ntp, now());
  const auto mapping = stream->check.mapping_before(sent_at);
  if (!mapping) return;
  const auto& broadcast = world().ledger[mapping->broadcast];
  if (broadcast.reported_at >= sent_at) return;  // made by guess, from arrivals
  const auto& other = world().ledger[BroadcastId{mapping->broadcast.value() ^ 1}];
  if (options_.has_audio && other.reported_at >= sent_at) return;
  const auto timestamp = info.rtp_timestamp - mapping->timestamp_offset;
  const auto ticks = static_cast<std::int32_t>(timestamp - broadcast.timestamp_at(sent_at));
  stream->report_capture =
      sent_at + Duration{std::int64_t{ticks} * 1'000'000'000 / wire::clock_rate_of(broadcast.codec)};
  stream->report_ntp = info.ntp;
  stream->report_sent = sent_at;
  check_lips();
}

void ModelViewer::check_lips() {
  if (!video_.report_ntp || !audio_.report_ntp || video_.report_sent != audio_.report_sent) return;
  const auto lag = [](const Stream& s) {
    return s.report_capture.time_since_epoch() - Duration{ntp_difference(*s.report_ntp, NtpTime{})};
  };
  const auto apart = lag(video_) - lag(audio_);
  if (apart > 1ms || apart < -1ms)
    world().violations.add(now(), "{}: sender reports put audio and video {} us apart", name(), apart.count() / 1000);
}

TimePoint ModelViewer::media_deadline() const {
  auto deadline = next_report_;
  if (options_.nack) deadline = std::min(deadline, video_.log.next_nack_deadline());
  if (options_.pli && frames_.stuck_since() != kNever)
    deadline = std::min(
        deadline, std::max(frames_.stuck_since() + kPatience, next_request_ == kNever ? TimePoint{} : next_request_));
  return deadline;
}

void ModelViewer::advance_media() {
  if (options_.nack && now() >= video_.log.next_nack_deadline()) send_nacks();
  if (options_.pli && frames_.stuck_since() != kNever && now() >= frames_.stuck_since() + kPatience &&
      (next_request_ == kNever || now() >= next_request_))
    ask_for_keyframe();
  if (now() < next_report_) return;
  next_report_ = now() + kReportInterval;
  send_rtcp([&](ByteWriter& out) {
    std::array<wire::ReportBlock, 2> blocks;
    std::size_t count = 0;
    for (auto* stream : {&video_, &audio_})
      if (stream->log.started()) blocks[count++] = stream->log.report(stream->check.track().ssrc, now());
    wire::write_receiver_report(out, own_ssrc_, std::span{blocks}.first(count));
    wire::write_source_description(out, own_ssrc_, name());
  });
}

void ModelViewer::send_nacks() {
  std::array<std::uint16_t, 64> missing;
  const auto count = video_.log.collect_nacks(now(), kRoundTrip, missing);
  if (count > 0)
    send_rtcp(
        [&](ByteWriter& out) { wire::write_nack(out, own_ssrc_, video_ssrc(), std::span{missing}.first(count)); });
}

void ModelViewer::ask_for_keyframe() {
  ++keyframe_requests_;
  next_request_ = now() + 500ms;
  send_rtcp([&](ByteWriter& out) {
    if (options_.fir)
      wire::write_fir(out, own_ssrc_, video_ssrc(), fir_number_++);
    else
      wire::write_pli(out, own_ssrc_, video_ssrc());
  });
}

void ModelViewer::check_complete(TimePoint end) {
  if (server_connected_at() == kNever || !connected()) return;
  video_.check.check_complete(server_connected_at(), end);
  audio_.check.check_complete(server_connected_at(), end);
}

}  // namespace bridgehall::sim

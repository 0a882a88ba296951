#include "sim/publisher.h"

#include <algorithm>

namespace bridgehall::sim {
namespace {

wire::ExtensionIds extension_ids() {
  wire::ExtensionIds ids;
  ids[wire::ExtensionKind::audio_level] = 1;
  ids[wire::ExtensionKind::transport_sequence] = 3;
  ids[wire::ExtensionKind::mid] = 4;
  ids[wire::ExtensionKind::video_orientation] = 5;
  ids[wire::ExtensionKind::dependency_descriptor] = 8;
  return ids;
}

SourceTerms video_terms_of(const PublisherOptions& o, media::PeerId peer) {
  SourceTerms terms{.track = {.mid = "0",
                              .kind = wire::MediaKind::video,
                              .codec = {.codec = o.codec,
                                        .payload_type = ModelPublisher::kVideoType,
                                        .rtx_payload_type = o.rtx ? ModelPublisher::kVideoRtxType : std::uint8_t{0},
                                        .nack = true,
                                        .pli = true,
                                        .fir = true,
                                        .transport_cc = true},
                              .extensions = extension_ids()},
                    .ssrc = Ssrc{0x10000000 + peer.value() * 4},
                    .rtx_ssrc = Ssrc{0x10000001 + peer.value() * 4},
                    .first_sequence = o.first_sequence,
                    .two_byte_extensions = o.two_byte_extensions};
  if (o.announce_ssrc) {
    terms.track.remote_ssrc = terms.ssrc;
    terms.track.remote_rtx_ssrc = o.rtx ? terms.rtx_ssrc : Ssrc{};
  }
  return terms;
}

SourceTerms audio_terms_of(const PublisherOptions& o, media::PeerId peer) {
  SourceTerms terms{
      .track = {.mid = "1",
                .kind = wire::MediaKind::audio,
                .codec = {.codec = wire::Codec::opus, .payload_type = ModelPublisher::kAudioType, .transport_cc = true},
                .extensions = extension_ids()},
      .ssrc = Ssrc{0x10000002 + peer.value() * 4},
      .first_sequence = static_cast<std::uint16_t>(o.first_sequence ^ 0x0155),
      .two_byte_extensions = o.two_byte_extensions};
  if (o.announce_ssrc) terms.track.remote_ssrc = terms.ssrc;
  return terms;
}

Broadcast video_record(const PublisherOptions& o, TimePoint now) {
  return {.publication = o.video,
          .codec = o.codec,
          .first_sequence = o.first_sequence,
          .first_timestamp = o.first_timestamp,
          .began = now,
          .picture_id_bits = o.picture_id_bits,
          .has_dependency_descriptor = o.codec == wire::Codec::av1};
}

Broadcast audio_record(const PublisherOptions& o, TimePoint now) {
  return {.publication = o.audio,
          .codec = wire::Codec::opus,
          .first_sequence = o.first_sequence ^ 0x0155,
          .first_timestamp = o.first_timestamp * 7 + 12'345,
          .began = now};
}

}  // namespace

ModelPublisher::ModelPublisher(World& world, SimServer& server, const ClientSetup& setup,
                               const PublisherOptions& options)
    : DirectClient(world, server, setup),
      options_(options),
      video_(video_terms_of(options, setup.peer), world.ledger, world.ledger.begin(video_record(options, world.now))),
      audio_(audio_terms_of(options, setup.peer), world.ledger, world.ledger.begin(audio_record(options, world.now))) {}

void ModelPublisher::describe(media::CreatePeer& command) {
  command.incoming.push_back({options_.video, video_.terms().track});
  if (options_.has_audio) command.incoming.push_back({options_.audio, audio_.terms().track});
}

void ModelPublisher::on_connected() {
  next_frame_ = now();
  next_tick_ = now();
  next_keyframe_ = now();
  if (options_.has_audio) next_audio_ = now() + options_.audio_offset;
  next_report_ = now() + 200ms;
}

TimePoint ModelPublisher::media_deadline() const {
  return std::min({next_frame_, next_audio_, next_report_, waiting_.empty() ? kNever : next_tick_});
}

void ModelPublisher::advance_media() {
  if (now() >= next_frame_) {
    if (!paused_) make_frame();
    next_frame_ += options_.frame_interval;
  }
  if (now() >= next_audio_) {
    make_audio();
    next_audio_ += 20ms;
    if (random().chance(options_.silence)) {
      next_audio_ += Duration{random().below(1'500'000'000)};
      talking_ = false;
    }
  }
  if (!waiting_.empty() && now() >= next_tick_) send_waiting();
  if (now() >= next_report_) send_reports();
}

void ModelPublisher::make_frame() {
  if (now() >= next_keyframe_) keyframe_wanted_ = true;
  const bool key = std::exchange(keyframe_wanted_, false);
  if (key) {
    ++keyframes_made_;
    next_keyframe_ = options_.keyframe_interval == kNever - TimePoint{} ? kNever : now() + options_.keyframe_interval;
    world().trace.note(now(), TraceKind::keyframe_made, peer().value(), frame_);
  }
  const auto mean = key ? options_.keyframe_bytes : options_.frame_bytes;
  const auto bytes = mean / 2 + random().below(mean);
  const auto packets =
      std::max<std::size_t>(key ? 2 : 1, (bytes + options_.largest_payload - 1) / options_.largest_payload);
  // libwebrtc makes the packets of a frame nearly equal.
  const auto size = std::max(bytes / packets, kLeastPayload);
  const std::uint8_t layer = options_.temporal_layers && !key ? std::array<std::uint8_t, 4>{0, 2, 1, 2}[frame_ % 4] : 0;
  if (layer == 0) ++tl0_;
  for (std::size_t i = 0; i < packets; ++i) {
    waiting_.push_back(
        video_.add({.timestamp = video_.record().timestamp_at(now()),
                    .frame = frame_,
                    .frame_packets = static_cast<std::uint16_t>(packets),
                    .index = static_cast<std::uint16_t>(i),
                    .payload_size = static_cast<std::uint16_t>(size + (i < bytes % packets ? 1 : 0)),
                    .picture_id = static_cast<std::uint16_t>((options_.first_picture_id + frame_) & 0x7fff),
                    .tl0_picture_index = tl0_,
                    .temporal_layer = layer,
                    .video_orientation = static_cast<std::uint8_t>(frame_ / 50 % 4),
                    .has_video_orientation = i + 1 == packets && frame_ % 10 == 0,
                    .keyframe = key,
                    .marker = i + 1 == packets,
                    .captured_at = now()}));
  }
  if (random().chance(options_.padding_only))
    waiting_.push_back(
        video_.add({.timestamp = video_.record().timestamp_at(now()), .frame = frame_, .captured_at = now()}));
  ++frame_;
}

void ModelPublisher::make_audio() {
  const auto index = audio_.add({.timestamp = audio_.record().timestamp_at(now()),
                                 .frame = static_cast<std::uint32_t>(audio_.record().packets.size()),
                                 .payload_size = static_cast<std::uint16_t>(60 + random().below(60)),
                                 .audio_level = static_cast<std::uint8_t>(0x80 | random().below(128)),
                                 .has_audio_level = true,
                                 .keyframe = true,
                                 .marker = !std::exchange(talking_, true),
                                 .captured_at = now()});
  send(audio_.seal(transport().sealer(), index, transport_sequence_), Tag::packet(audio_.broadcast(), index));
}

void ModelPublisher::send_waiting() {
  // In ticks of 5 ms a frame takes a part of its interval.
  auto share =
      options_.ticks ? std::min(waiting_.size(), std::max<std::size_t>(2, waiting_.size() / 3)) : waiting_.size();
  for (; share > 0; --share) {
    const auto index = waiting_.front();
    waiting_.pop_front();
    const auto sealed = video_.seal(transport().sealer(), index, transport_sequence_);
    if (lose_ > 0 && lose_--) continue;
    send(sealed, Tag::packet(video_.broadcast(), index));
  }
  next_tick_ = now() + (options_.ticks ? 5ms : 0ms);
  if (options_.rtx && random().chance(options_.padding_only))
    send(video_.probe(transport().sealer(), transport_sequence_));
}

NtpTime ModelPublisher::clock() const {
  return NtpTime{std::uint64_t{3'900'000'000} << 32} + (now() - TimePoint{}) + options_.clock_offset;
}

void ModelPublisher::send_reports() {
  next_report_ = now() + 700ms + Duration{random().below(600'000'000)};
  const auto write = [&](ByteWriter& out, SourceStream& stream) {
    wire::write_sender_report(out,
                              {.ssrc = stream.terms().ssrc,
                               .ntp = clock(),
                               .rtp_timestamp = stream.record().timestamp_at(now()),
                               .packets = stream.packets(),
                               .octets = stream.octets()},
                              {});
    wire::write_source_description(out, stream.terms().ssrc, "publisher");
  };
  if (!options_.has_audio)
    return send_rtcp([&](ByteWriter& out) { write(out, video_); }, Tag::report(video_.broadcast(), 1));
  if (options_.reports_together) {
    send_rtcp([&](ByteWriter& out) { write(out, video_), write(out, audio_); }, Tag::report(video_.broadcast(), 2));
  } else if (reports_++ % 2 == 0) {
    send_rtcp([&](ByteWriter& out) { write(out, video_); }, Tag::report(video_.broadcast(), 1));
  } else {
    send_rtcp([&](ByteWriter& out) { write(out, audio_); }, Tag::report(audio_.broadcast(), 1));
  }
}

void ModelPublisher::on_rtp(Datagram&) { world().violations.add(now(), "{} was sent media", name()); }

void ModelPublisher::on_rtcp(const wire::RtcpPacket& packet, TimePoint sent_at) {
  Ssrc sender, media;
  if (packet.type == wire::RtcpType::transport_feedback && packet.count_or_format == wire::kFormatNack) {
    on_nack(packet);
  } else if (packet.type == wire::RtcpType::transport_feedback && packet.count_or_format == wire::kFormatTransportCc) {
    std::array<wire::TransportFeedback::Entry, wire::TransportFeedback::kMaxEntries> entries;
    wire::TransportFeedback header;
    const auto count = wire::parse_transport_feedback(packet, header, entries);
    if (count < 0) return world().violations.add(now(), "{} was sent malformed transport feedback", name());
    reported_arrivals_ += static_cast<std::uint64_t>(
        std::count_if(entries.begin(), entries.begin() + count, [](const auto& e) { return e.received; }));
  } else if (packet.type == wire::RtcpType::payload_feedback && packet.count_or_format == wire::kFormatPli) {
    if (wire::parse_feedback_ssrcs(packet, sender, media)) on_keyframe_request(media, sent_at);
  } else if (packet.type == wire::RtcpType::payload_feedback && packet.count_or_format == wire::kFormatFir) {
    wire::for_each_fir(packet, [&](Ssrc ssrc) { on_keyframe_request(ssrc, sent_at); });
  }
}

void ModelPublisher::on_nack(const wire::RtcpPacket& packet) {
  Ssrc sender, media;
  if (!wire::parse_feedback_ssrcs(packet, sender, media)) return;
  auto& stream = media == video_.terms().ssrc ? video_ : audio_;
  wire::for_each_nack(packet, [&](std::uint16_t sequence) {
    ++nacked_;
    std::uint64_t tag = 0;
    const auto repeated = stream.repeat(transport().sealer(), sequence, transport_sequence_, tag);
    if (!repeated.empty()) send(repeated, tag);
  });
}

// RFC 4585 section 6.3.1 asks for restraint; ours is half a second for all receivers together.
void ModelPublisher::on_keyframe_request(Ssrc media, TimePoint sent_at) {
  if (media != video_.terms().ssrc)
    return world().violations.add(now(), "{} was asked for a keyframe of what is no video", name());
  ++keyframe_requests_;
  keyframe_wanted_ = true;
  // Reordered on the way, they still have to have been sent apart.
  if (last_request_ && sent_at > *last_request_ && sent_at - *last_request_ < media::KeyframeRequests::kWindow)
    world().violations.add(now(), "{} was asked for keyframes {} us apart", name(),
                           (sent_at - *last_request_).count() / 1000);
  if (!last_request_ || sent_at > *last_request_) last_request_ = sent_at;
}

void ModelPublisher::send_raw_rtp(BytesView header, BytesView payload, std::uint64_t tag) {
  std::array<std::uint8_t, 2048> out;
  const auto size = transport().sealer().seal_rtp({.header = header, .payload = payload}, out);
  send(BytesView{out}.first(size), tag);
}

std::uint64_t ModelPublisher::give_up_sequence() {
  return Tag::packet(
      video_.broadcast(),
      video_.add({.timestamp = video_.record().timestamp_at(now()), .frame = frame_, .captured_at = now()}));
}

}  // namespace bridgehall::sim

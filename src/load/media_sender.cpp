#include "load/media_sender.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "load/media_stamp.h"
#include "load/vp8_packets.h"

namespace bridgehall::load {
namespace {

constexpr std::size_t kVideoHistory = 256;  // 1.5 s of the highest layer
constexpr std::size_t kAudioHistory = 1;    // audio is not sent again
constexpr Duration kReportInterval = 1s;

std::uint32_t rtp_units(Duration since_start, std::uint32_t clock_rate) {
  return static_cast<std::uint32_t>(since_start.count() / 1000 * clock_rate / 1'000'000);
}

Ssrc any_ssrc(RandomSource& random) { return Ssrc{random.u32() | 1}; }

}  // namespace

SentCounters& SentCounters::operator+=(const SentCounters& o) {
  packets += o.packets;
  retransmitted += o.retransmitted;
  keyframes += o.keyframes;
  keyframe_requests += o.keyframe_requests;
  return *this;
}

SentCounters SentCounters::operator-(const SentCounters& o) const {
  return {packets - o.packets, retransmitted - o.retransmitted, keyframes - o.keyframes,
          keyframe_requests - o.keyframe_requests};
}

MediaSender::MediaSender(const Recording& recording, const session::Agreed& agreed, std::uint16_t sender,
                         std::string cname, RandomSource& random, const NtpOrigin& ntp)
    : recording_(recording), sender_(sender), cname_(std::move(cname)), ntp_(ntp) {
  for (const auto& track : agreed.tracks) {
    if (track.kind == wire::MediaKind::audio) {
      if (sound_) continue;
      sound_.emplace(track, any_ssrc(random), Ssrc{}, random, kAudioHistory);
      sound_->begin_naming({});
      continue;
    }
    if (!layers_.empty()) continue;
    const auto count = std::clamp<std::size_t>(track.rids.size(), 1, recording.layers().size());
    for (std::size_t i = 0; i < count; ++i) {
      const auto number = track.rids.empty() ? recording.layers().size() - 1 : i;
      layers_.push_back({RtpSource(track, any_ssrc(random), any_ssrc(random), random, kVideoHistory),
                         LayerReplay(recording.layers()[number], sender, static_cast<std::uint16_t>(random.u32())),
                         static_cast<std::uint8_t>(number)});
      layers_.back().source.begin_naming(track.rids.empty() ? std::string() : track.rids[i]);
    }
  }
  sound_place_ = sender * 13u;  // rooms are not quiet in step
}

void MediaSender::start(TimePoint now) {
  started_at_ = now;
  if (!layers_.empty()) next_picture_ = now;
  if (sound_) next_sound_ = now;
  next_report_ = now;
}

void MediaSender::speak(bool speaking) {
  if (speaking == speaking_) return;
  speaking_ = speaking;
  sound_place_ = 0;
}

bool MediaSender::voiced() const {
  constexpr std::uint32_t kHalfSecond = (1u << 25) - 1;
  constexpr int kMost = 15;
  return std::popcount(voice_history_ & kHalfSecond) >= kMost;
}

// -- what the server says --

RtpSource* MediaSender::find_source(Ssrc ssrc) {
  for (auto& layer : layers_)
    if (layer.source.ssrc() == ssrc) return &layer.source;
  return sound_ && sound_->ssrc() == ssrc ? &*sound_ : nullptr;
}

void MediaSender::ask_for_keyframe(Ssrc ssrc) {
  for (auto& layer : layers_) {
    if (layer.source.ssrc() != ssrc) continue;
    layer.keyframe_wanted = true;
    ++counters_.keyframe_requests;
  }
}

void MediaSender::stop_naming(const wire::RtcpPacket& reports) {
  std::array<wire::ReportBlock, 31> blocks;
  for (const auto& block : std::span(blocks).first(wire::parse_report_blocks(reports, blocks)))
    if (auto* source = find_source(block.ssrc)) source->stop_naming();
}

void MediaSender::answer_nack(const wire::RtcpPacket& nack, PeerLink& link) {
  Ssrc sender{}, media{};
  if (!parse_feedback_ssrcs(nack, sender, media)) return;
  auto* source = find_source(media);
  if (!source) return;
  wire::for_each_nack(nack, [&](std::uint16_t sequence) {
    auto datagram = source->seal_again(link.transport().sealer(), sequence, transport_sequence_);
    if (datagram.empty()) return;
    ++transport_sequence_;
    ++counters_.retransmitted;
    link.send(std::move(datagram));
  });
}

void MediaSender::handle_rtcp(BytesView compound, PeerLink& link) {
  wire::RtcpWalk walk(compound);
  for (wire::RtcpPacket packet; walk.next(packet);) {
    Ssrc sender{}, media{};
    switch (packet.type) {
      case wire::RtcpType::sender_report:
      case wire::RtcpType::receiver_report:
        stop_naming(packet);
        break;
      case wire::RtcpType::payload_feedback:
        if (packet.count_or_format == wire::kFormatPli && parse_feedback_ssrcs(packet, sender, media))
          ask_for_keyframe(media);
        if (packet.count_or_format == wire::kFormatFir)
          wire::for_each_fir(packet, [&](Ssrc ssrc) { ask_for_keyframe(ssrc); });
        break;
      case wire::RtcpType::transport_feedback:
        if (packet.count_or_format == wire::kFormatNack) answer_nack(packet, link);
        break;
      default:
        break;
    }
  }
}

// -- what is sent --

TimePoint MediaSender::next_deadline() const { return std::min({next_picture_, next_sound_, next_report_}); }

void MediaSender::handle_timeout(TimePoint now, PeerLink& link) {
  // Each by its own count from the start, so that a late turn does not shift what follows.
  while (next_sound_ <= now) send_sound(now, link);
  while (next_picture_ <= now) send_picture(now, link);
  if (next_report_ <= now) send_reports(now, link);
}

// All layers of a picture at once, as an encoder gives them.
void MediaSender::send_picture(TimePoint now, PeerLink& link) {
  const auto since_start = next_picture_ - started_at_;
  next_picture_ = started_at_ + ++pictures_ * recording_.layers().front().frame_duration();
  std::vector<std::uint8_t> stamped;
  for (auto& layer : layers_) {
    const auto frame = layer.replay.next(std::exchange(layer.keyframe_wanted, false));
    counters_.keyframes += frame.recorded->keyframe;
    stamped.assign(frame.recorded->bytes.begin(), frame.recorded->bytes.end());
    append_stamp(stamped, {now, sender_, layer.number});
    const auto payloads = make_vp8_payloads(stamped, frame.descriptor);
    const auto timestamp = layer.source.timestamp_base() + rtp_units(since_start, 90'000);
    for (const auto& payload : payloads)
      link.send(layer.source.seal(link.transport().sealer(), payload, timestamp, &payload == &payloads.back(),
                                  transport_sequence_++));
    counters_.packets += payloads.size();
  }
}

void MediaSender::send_sound(TimePoint now, PeerLink& link) {
  const auto& track = speaking_ ? recording_.speech() : recording_.quiet_room();
  const auto timestamp = sound_->timestamp_base() + rtp_units(next_sound_ - started_at_, 48'000);
  next_sound_ = started_at_ + ++sounds_ * track.frame_duration();
  const auto& frame = track.frames[sound_place_++ % track.frames.size()];
  sound_->set_audio_level(frame.audio_level);
  voice_history_ = voice_history_ << 1 | frame.audio_level >> 7;
  const auto payload = stamp_opus(frame.bytes, {now, sender_, 0});
  link.send(sound_->seal(link.transport().sealer(), payload, timestamp, false, transport_sequence_++));
  ++counters_.packets;
}

void MediaSender::send_reports(TimePoint now, PeerLink& link) {
  next_report_ = now + kReportInterval;
  const auto report = [&](const RtpSource& source, std::uint32_t clock_rate) {
    const auto timestamp = source.timestamp_base() + rtp_units(now - started_at_, clock_rate);
    std::array<std::uint8_t, 512> buffer;
    ByteWriter writer(buffer);
    wire::write_sender_report(writer, source.sender_info(ntp_.ntp_at(now), timestamp), {});
    wire::write_source_description(writer, source.ssrc(), cname_);
    link.send_rtcp(writer.written());
  };
  if (sound_) report(*sound_, 48'000);
  for (const auto& layer : layers_) report(layer.source, 90'000);
}

}  // namespace bridgehall::load

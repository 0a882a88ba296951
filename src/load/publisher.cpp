#include "load/publisher.h"

#include <algorithm>
#include <array>

#include "wire/rtp.h"

namespace bridgehall::load {
namespace {

constexpr Duration kAudioInterval = 20ms;
constexpr std::size_t kAudioPayload = 120;
constexpr Duration kReportInterval = 1s;
constexpr Duration kTick = 5ms;
constexpr Duration kLongestCatchUp = 100ms;
constexpr double kPacingFactor = 2.5;  // libwebrtc's default

std::uint32_t rtp_units(Duration since_start, std::uint32_t clock_rate) {
  return static_cast<std::uint32_t>(since_start.count() / 1000 * clock_rate / 1'000'000);
}

}  // namespace

Publisher::Publisher(const PublisherSettings& settings, const session::ClientEnd& local,
                     std::span<const session::OfferedSource> offered, const session::Agreed& agreed,
                     crypto::DtlsFactory& dtls, RandomSource& random, const NtpOrigin& ntp, TimePoint now)
    : settings_(settings),
      link_(local, agreed, dtls, random, now),
      ntp_(ntp),
      cname_(local.cname),
      encoder_(settings.kbps, settings.seed) {
  for (const auto& track : agreed.tracks)
    for (const auto& source : offered)
      if (wire::kind_of(source.codec) == track.kind)
        (track.kind == wire::MediaKind::audio ? audio_ : video_).emplace(track, source.ssrc, source.rtx_ssrc, random);
}

void Publisher::handle_datagram(MutableBytes datagram, const NetworkPath& path, TimePoint now) {
  if (link_.handle_control(datagram, path, now)) {
    if (!started_ && link_.connected()) start(now);
    return;
  }
  if (const auto compound = link_.open_rtcp(datagram)) handle_rtcp(*compound);
}

void Publisher::start(TimePoint now) {
  started_ = true;
  started_at_ = now;
  // Nobody's sound comes at the same moment as their pictures, or as that of others.
  SeededRandom phase(settings_.seed);
  const auto within = [&](Duration interval) {
    return now + Duration{phase.below(static_cast<std::uint64_t>(interval.count()))};
  };
  first_frame_ = within(std::chrono::nanoseconds{1'000'000'000 / SyntheticVp8::kFramesPerSecond});
  first_audio_ = within(kAudioInterval);
  if (video_) next_frame_ = first_frame_;
  if (audio_) next_audio_ = first_audio_;
  next_report_ = now + kReportInterval;
}

void Publisher::handle_rtcp(BytesView compound) {
  wire::RtcpWalk walk(compound);
  for (wire::RtcpPacket packet; walk.next(packet);) {
    Ssrc sender{}, media{};
    if (packet.type == wire::RtcpType::payload_feedback && packet.count_or_format != wire::kFormatApplication) {
      keyframe_wanted_ = true;  // PLI or FIR
    } else if (packet.type == wire::RtcpType::transport_feedback && packet.count_or_format == wire::kFormatNack &&
               video_ && parse_feedback_ssrcs(packet, sender, media) && media == video_->ssrc()) {
      wire::for_each_nack(packet, [&](std::uint16_t sequence) {
        auto datagram = video_->seal_again(link_.transport().sealer(), sequence, transport_sequence_);
        if (datagram.empty()) return;
        ++transport_sequence_;
        ++counters_.retransmitted;
        link_.send(std::move(datagram));
      });
    }
  }
}

void Publisher::handle_timeout(TimePoint now) {
  link_.handle_timeout(now);
  if (!started_ || !link_.connected()) return;
  // Each by its own count from the start, so that a late turn does not shift what follows.
  while (next_audio_ <= now) send_audio(now);
  while (next_frame_ <= now) make_frame(now);
  if (next_tick_ <= now) send_paced(now);
  if (next_report_ <= now) send_reports(now);
}

TimePoint Publisher::next_deadline() const { return std::min({next_frame_, next_audio_, next_tick_, next_report_}); }

void Publisher::make_frame(TimePoint now) {
  const auto timestamp = video_->timestamp_base() + rtp_units(next_frame_ - started_at_, 90'000);
  ++frames_;
  next_frame_ = first_frame_ + Duration{frames_ * 1'000'000'000 / SyntheticVp8::kFramesPerSecond};
  if (paced_.size() > kMaxPaced) return;
  const auto frame = encoder_.next_frame(keyframe_wanted_);
  counters_.keyframes += frame.keyframe;
  keyframe_wanted_ = false;
  std::array<std::uint8_t, SyntheticVp8::kMaxPayload> payload;
  for (std::size_t i = 0; i < frame.packets; ++i) {
    const auto size = SyntheticVp8::write_payload(frame, i, payload);
    Paced packet{
        {payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size)}, timestamp, i + 1 == frame.packets};
    if (settings_.pacing == Pacing::frame)
      send_video(std::move(packet), now);
    else
      paced_.push_back(std::move(packet));
  }
  if (settings_.pacing == Pacing::ticks && next_tick_ == kNever) next_tick_ = last_tick_ = now;
}

// The budget grows with the time that has passed, so that a late turn is made up for.
void Publisher::send_paced(TimePoint now) {
  const double bytes_per_second = settings_.kbps * 125.0 * kPacingFactor;
  const auto elapsed = std::clamp<Duration>(now - last_tick_, kTick, kLongestCatchUp);
  tick_budget_ = std::min(tick_budget_, 0.0) + bytes_per_second * std::chrono::duration<double>(elapsed).count();
  last_tick_ = now;
  while (!paced_.empty() && tick_budget_ > 0) {
    tick_budget_ -= static_cast<double>(paced_.front().payload.size());
    send_video(std::move(paced_.front()), now);
    paced_.pop_front();
  }
  next_tick_ = paced_.empty() ? kNever : now + kTick;
}

void Publisher::send_video(Paced packet, TimePoint now) {
  write_stamp(packet.payload, now);
  link_.send(
      video_->seal(link_.transport().sealer(), packet.payload, packet.timestamp, packet.marker, transport_sequence_++));
  ++counters_.video_packets;
}

void Publisher::send_audio(TimePoint now) {
  const auto timestamp = audio_->timestamp_base() + rtp_units(next_audio_ - started_at_, 48'000);
  ++audio_frames_;
  next_audio_ = first_audio_ + audio_frames_ * kAudioInterval;
  std::array<std::uint8_t, kAudioPayload> payload;
  payload.fill(0x5a);
  payload[0] = 0x78;  // RFC 6716 section 3.1: CELT, full band, 20 ms, one frame
  write_stamp(payload, now);
  link_.send(audio_->seal(link_.transport().sealer(), payload, timestamp, false, transport_sequence_++));
  ++counters_.audio_packets;
}

void Publisher::send_reports(TimePoint now) {
  next_report_ += kReportInterval;
  if (audio_) send_report(*audio_, 48'000, now);
  if (video_) send_report(*video_, 90'000, now);
}

void Publisher::send_report(const RtpSource& source, std::uint32_t clock_rate, TimePoint now) {
  const auto timestamp = source.timestamp_base() + rtp_units(now - started_at_, clock_rate);
  std::array<std::uint8_t, 512> buffer;
  ByteWriter writer(buffer);
  wire::write_sender_report(writer, source.sender_info(ntp_.ntp_at(now), timestamp), {});
  wire::write_source_description(writer, source.ssrc(), cname_);
  link_.send_rtcp(writer.written());
}

}  // namespace bridgehall::load

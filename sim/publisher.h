// A model of a publishing browser: one video and one audio track, frames sent as bursts or in ticks, keyframes when
// asked, repetitions, sender reports by a clock of its own, probing and silence.
#pragma once

#include <deque>
#include <optional>

#include "sim/client.h"
#include "sim/source_stream.h"

namespace bridgehall::sim {

struct PublisherOptions {
  media::PublicationId video, audio;
  wire::Codec codec = wire::Codec::vp8;
  bool rtx = true;
  bool announce_ssrc = true;
  bool two_byte_extensions = false;
  bool has_audio = true;
  Duration frame_interval = 40ms;
  std::size_t frame_bytes = 3'600;  // between keyframes, on average
  std::size_t keyframe_bytes = 12'000;
  std::size_t largest_payload = 1'100;
  Duration keyframe_interval = kNever - TimePoint{};  // without being asked
  bool ticks = false;  // sends 5 ms of its rate at a time; otherwise a whole frame at once
  std::uint8_t picture_id_bits = 15;
  std::uint16_t first_picture_id = 0;
  bool temporal_layers = false;
  std::uint16_t first_sequence = 1'000;
  std::uint32_t first_timestamp = 0;
  double padding_only = 0;       // chance per frame of a packet of padding after it
  double silence = 0;            // chance per audio packet that a pause begins
  Duration clock_offset{};       // of its NTP clock
  Duration audio_offset = 3ms;   // after the frame
  bool reports_together = true;  // both sender reports in one datagram
};

class ModelPublisher final : public DirectClient {
 public:
  // Payload types and extension ids that all publishers use.
  static constexpr std::uint8_t kVideoType = 96, kVideoRtxType = 97, kAudioType = 111;

  ModelPublisher(World& world, SimServer& server, const ClientSetup& setup, const PublisherOptions& options);

  const PublisherOptions& options() const { return options_; }
  BroadcastId video() const { return video_.broadcast(); }
  BroadcastId audio() const { return audio_.broadcast(); }
  std::uint64_t keyframes_made() const { return keyframes_made_; }
  std::uint64_t keyframe_requests() const { return keyframe_requests_; }
  std::uint64_t nacked() const { return nacked_; }
  std::uint64_t reported_arrivals() const { return reported_arrivals_; }
  std::uint64_t datagrams() const { return transport_sequence_; }
  // The next so many video packets are made, but never sent the first time.
  void lose_next_video(int packets) { lose_ = packets; }
  void pause_video(bool paused) { paused_ = paused; }
  void end_silence() {
    options_.silence = 0;
    if (next_audio_ != kNever) next_audio_ = std::min(next_audio_, now());
  }
  // Seals RTP with a header and payload of the caller's, as a hostile client would.
  void send_raw_rtp(BytesView header, BytesView payload, std::uint64_t tag = 0);
  template <class Write>
  void send_raw_rtcp(Write&& write) {
    send_rtcp(std::forward<Write>(write));
  }
  std::uint16_t next_video_sequence() {
    return static_cast<std::uint16_t>(options_.first_sequence + video_.record().packets.size());
  }
  // Gives one sequence number to the caller; returns the tag of a packet with it, which has no payload.
  std::uint64_t give_up_sequence();
  const SourceTerms& video_terms() const { return video_.terms(); }

 protected:
  void describe(media::CreatePeer& command) override;
  void on_connected() override;
  void on_rtp(Datagram&) override;
  void on_rtcp(const wire::RtcpPacket& packet, TimePoint sent_at) override;
  void advance_media() override;
  TimePoint media_deadline() const override;

 private:
  void make_frame();
  void make_audio();
  void send_waiting();
  void send_reports();
  void on_nack(const wire::RtcpPacket& packet);
  void on_keyframe_request(Ssrc media, TimePoint sent_at);
  NtpTime clock() const;

  PublisherOptions options_;
  SourceStream video_;
  SourceStream audio_;
  std::deque<std::size_t> waiting_;  // video packets that are made and not yet sent
  TimePoint next_frame_ = kNever, next_audio_ = kNever, next_tick_ = kNever, next_report_ = kNever;
  TimePoint next_keyframe_ = kNever;
  bool keyframe_wanted_ = true;
  std::uint32_t frame_ = 0;
  std::uint8_t tl0_ = 0;
  std::uint16_t transport_sequence_ = 0;
  std::optional<TimePoint> last_request_;  // when the server sent the last PLI or FIR that came
  std::uint64_t keyframes_made_ = 0, keyframe_requests_ = 0, nacked_ = 0, reported_arrivals_ = 0;
  int lose_ = 0;
  bool paused_ = false;
  bool talking_ = false;
  unsigned reports_ = 0;
};

}  // namespace bridgehall::sim

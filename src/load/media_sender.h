// What a participant of a load test sends: a recording's picture as VP8 simulcast (by rid, as libwebrtc does: packets
// are named until the server has reported on their SSRC) and its sound, speech or a quiet room, with RFC 6464 levels.
// Keyframes on PLI and FIR, retransmissions on NACK, sender reports each second. Sans-IO; lives on the generator's one
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "load/layer_replay.h"
#include "load/peer_link.h"
#include "load/recording.h"
#include "load/rtp_source.h"

namespace bridgehall::load {

struct SentCounters {
  std::uint64_t packets = 0;
  std::uint64_t retransmitted = 0;
  std::uint64_t keyframes = 0;
  std::uint64_t keyframe_requests = 0;
  SentCounters& operator+=(const SentCounters& other);
  SentCounters operator-(const SentCounters& earlier) const;
};

class MediaSender {
 public:
  // `sender` is in its stamps, and says where in the recording it begins. `recording` outlives this. m-lines that the
  // answer rejects are not sent on; a picture without agreed rids is sent in its highest layer only.
  MediaSender(const Recording& recording, const session::Agreed& agreed, std::uint16_t sender, std::string cname,
              RandomSource& random, const NtpOrigin& ntp);

  void start(TimePoint now);
  // Speech from its beginning, or the quiet room.
  void speak(bool speaking);
  // Has been heard to speak for the most of the last half second: not so in the pauses of speech.
  bool voiced() const;
  void handle_rtcp(BytesView compound, PeerLink& link);
  void handle_timeout(TimePoint now, PeerLink& link);
  TimePoint next_deadline() const;
  const SentCounters& counters() const { return counters_; }

 private:
  struct Layer {
    RtpSource source;
    LayerReplay replay;
    std::uint8_t number = 0;
    bool keyframe_wanted = true;
  };
  RtpSource* find_source(Ssrc ssrc);
  void ask_for_keyframe(Ssrc ssrc);
  void stop_naming(const wire::RtcpPacket& reports);
  void answer_nack(const wire::RtcpPacket& nack, PeerLink& link);
  void send_picture(TimePoint now, PeerLink& link);
  void send_sound(TimePoint now, PeerLink& link);
  void send_reports(TimePoint now, PeerLink& link);

  const Recording& recording_;
  std::uint16_t sender_;
  std::string cname_;
  NtpOrigin ntp_;
  std::vector<Layer> layers_;
  std::optional<RtpSource> sound_;
  bool speaking_ = false;
  std::size_t sound_place_ = 0;
  std::uint32_t voice_history_ = 0;  // a bit for each of the last packets of sound, the newest lowest
  TimePoint started_at_{};
  std::int64_t pictures_ = 0;
  std::int64_t sounds_ = 0;
  TimePoint next_picture_ = kNever;
  TimePoint next_sound_ = kNever;
  TimePoint next_report_ = kNever;
  std::uint16_t transport_sequence_ = 0;
  SentCounters counters_;
};

}  // namespace bridgehall::load

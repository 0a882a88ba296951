// A publisher of synthetic VP8 and Opus: frames by the clock, keyframes on PLI and FIR, sender reports each second,
// retransmissions on NACK. Sans-IO; lives on the generator's one thread.
#pragma once

#include <deque>
#include <optional>

#include "base/time.h"
#include "load/load.h"
#include "load/peer_link.h"
#include "load/rtp_source.h"
#include "load/synthetic_vp8.h"

namespace bridgehall::load {

struct PublisherSettings {
  int kbps = 1500;
  Pacing pacing = Pacing::frame;
  std::uint64_t seed = 1;
};

struct PublisherCounters {
  std::uint64_t audio_packets = 0;
  std::uint64_t video_packets = 0;
  std::uint64_t retransmitted = 0;
  std::uint64_t keyframes = 0;
};

class Publisher {
 public:
  static constexpr std::size_t kMaxPaced =
      1024;  // packets waiting for ticks; beyond it frames are skipped, as an encoder would

  Publisher(const PublisherSettings& settings, const session::ClientEnd& local,
            std::span<const session::OfferedSource> offered, const session::Agreed& agreed, crypto::DtlsFactory& dtls,
            RandomSource& random, const NtpOrigin& ntp, TimePoint now);

  void handle_datagram(MutableBytes datagram, const NetworkPath& path, TimePoint now);
  void handle_timeout(TimePoint now);
  TimePoint next_deadline() const;

  PeerLink& link() { return link_; }
  const PublisherCounters& counters() const { return counters_; }

 private:
  struct Paced {
    std::vector<std::uint8_t> payload;
    std::uint32_t timestamp = 0;
    bool marker = false;
  };
  void handle_rtcp(BytesView compound);
  void start(TimePoint now);
  void make_frame(TimePoint now);
  void send_paced(TimePoint now);
  void send_video(Paced packet, TimePoint now);
  void send_audio(TimePoint now);
  void send_reports(TimePoint now);
  void send_report(const RtpSource& source, std::uint32_t clock_rate, TimePoint now);

  PublisherSettings settings_;
  PeerLink link_;
  NtpOrigin ntp_;
  std::string cname_;
  std::optional<RtpSource> audio_;
  std::optional<RtpSource> video_;
  SyntheticVp8 encoder_;
  bool started_ = false;
  bool keyframe_wanted_ = true;
  TimePoint started_at_{};
  TimePoint first_frame_{}, first_audio_{};
  std::int64_t frames_ = 0;
  std::int64_t audio_frames_ = 0;
  TimePoint next_frame_ = kNever;
  TimePoint next_audio_ = kNever;
  TimePoint next_report_ = kNever;
  TimePoint next_tick_ = kNever;
  TimePoint last_tick_{};
  std::deque<Paced> paced_;
  double tick_budget_ = 0;
  std::uint16_t transport_sequence_ = 0;
  PublisherCounters counters_;
};

}  // namespace bridgehall::load

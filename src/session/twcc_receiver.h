// Receiver side of transport-wide congestion control: notes arrivals by transport sequence number and builds the
// feedback messages of draft-holmer-rmcat-transport-wide-cc-extensions-01 that let browsers send at full rate. One per
// transport. Fixed memory; no allocation per packet.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/id.h"
#include "base/time.h"

namespace bridgehall::session {

class TwccReceiver {
 public:
  static constexpr std::size_t kWindow = 2048;  // 5 s at 400 packets/s; older unreported ones are given up
  static constexpr Duration kInterval = 50ms;   // libwebrtc's own feedback runs at 50–250 ms; 50 ms ramps up fastest
  static constexpr std::size_t kMaxPerFeedback = 512;
  static constexpr std::size_t kMinBuffer = 32;

  // Duplicates and numbers older than what was reported are ignored.
  void on_packet(std::uint16_t transport_sequence, TimePoint now);

  // kNever when nothing waits.
  TimePoint next_deadline() const;

  // Writes one RTCP transport feedback packet (PT 205, FMT 15) into `out`, returns its size; 0 when nothing is due.
  // Call until 0. 1,200 bytes hold kMaxPerFeedback; a smaller `out` makes more and smaller packets (at least kMinBuffer
  // bytes).
  std::size_t build(TimePoint now, Ssrc sender, Ssrc media, MutableBytes out);

 private:
  // Eight bytes each. Ticks of 250 µs modulo 2^32 are all that the format can carry: its reference time has 24 bits of
  // 256 ticks.
  struct Arrival {
    std::uint32_t sequence = 0;  // extended, low 32 bits; what we start from keeps 0 from being one
    std::uint32_t ticks = 0;
  };
  const Arrival* arrival_of(std::int64_t sequence) const;

  std::array<Arrival, kWindow> arrivals_{};
  bool started_ = false;
  bool waiting_ = false;
  std::int64_t next_to_report_ = 0;
  std::int64_t highest_ = 0;
  TimePoint deadline_ = kNever;
  std::uint8_t feedback_count_ = 0;
};

}  // namespace bridgehall::session

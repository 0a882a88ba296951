// The sending side of one SSRC: 48-bit SRTP index, the guard that no index is sealed twice, and the counts of our
// sender reports.
#pragma once

#include <cstdint>

#include "base/id.h"
#include "session/bit_window.h"

namespace bridgehall::session {

class SendStream {
 public:
  static constexpr std::int64_t kWindow = 512;  // how far behind the newest a packet may still be sealed

  // `first_sequence` must be below 2^15 so that both ends agree on a rollover counter of 0 (RFC 3711 section 3.3.1).
  explicit SendStream(Ssrc ssrc = {}, std::uint16_t first_sequence = 0);

  Ssrc ssrc() const { return ssrc_; }
  std::uint16_t first_sequence() const { return first_sequence_; }

  std::int64_t highest() const { return highest_; }  // sent so far; the first's when nothing was

  // True exactly once per extended sequence number, and never for one older than the window: the caller then seals it.
  bool claim(std::int64_t extended_sequence);
  static std::uint32_t rollover_counter(std::int64_t extended_sequence) {
    return static_cast<std::uint32_t>(extended_sequence >> 16);
  }

  void count_sent(std::size_t payload_bytes) {
    ++packets_;
    octets_ += static_cast<std::uint32_t>(payload_bytes);
  }
  std::uint32_t packets() const { return packets_; }
  std::uint32_t octets() const { return octets_; }

 private:
  Ssrc ssrc_{};
  std::uint16_t first_sequence_ = 0;
  bool started_ = false;
  std::int64_t highest_ = 0;
  BitWindow<kWindow> sealed_;
  std::uint32_t packets_ = 0;
  std::uint32_t octets_ = 0;
};

}  // namespace bridgehall::session

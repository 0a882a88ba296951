// Packet indexes and replay windows of SRTP and SRTCP as pure functions over small states (RFC 3711 section 3.3).
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "crypto/srtp.h"

namespace bridgehall::crypto {

// The index of a packet with this sequence number, guessed from the highest one seen (RFC 3711 section 3.3.1).
std::uint64_t guess_index(const SrtpReceiveState& stream, std::uint16_t sequence);

// Whether a packet of this index may still be accepted; asked before authentication.
std::expected<void, SrtpError> check_replay(const SrtpReceiveState& stream, std::uint64_t index);
// Marks it as seen; only after authentication.
void accept_index(SrtpReceiveState& stream, std::uint64_t index);

// SRTCP indexes are carried in the packets and counted by each sender SSRC on its own. A peer may send RTCP under at
// most kSenders SSRCs, twice what the largest layout has slots for; further ones are refused rather than let an old one
// be forgotten and then replayed. Only authenticated SSRCs come in, so nobody else can fill the table.
class RtcpReplay {
 public:
  static constexpr std::size_t kSenders = 64;
  static constexpr std::uint32_t kWindow = 64;

  std::expected<void, SrtpError> check(std::uint32_t ssrc, std::uint32_t index) const;
  void accept(std::uint32_t ssrc, std::uint32_t index);

 private:
  struct Sender {
    std::uint32_t ssrc;
    std::uint32_t highest;
    std::uint64_t seen;  // bit n: highest - n
  };
  const Sender* find(std::uint32_t ssrc) const;

  std::array<Sender, kSenders> senders_{};
  std::size_t count_ = 0;
};

}  // namespace bridgehall::crypto

#include "crypto/srtp_replay.h"

#include <algorithm>

namespace bridgehall::crypto {
namespace {

constexpr std::uint64_t kMaxIndex = (std::uint64_t{1} << 48) - 1;

std::uint64_t& seen_word(SrtpReceiveState& stream, std::uint64_t index) {
  return stream.seen[index % SrtpReceiveState::kWindow / 64];
}
std::uint64_t seen_bit(std::uint64_t index) { return std::uint64_t{1} << (index % 64); }

}  // namespace

std::uint64_t guess_index(const SrtpReceiveState& stream, std::uint16_t sequence) {
  if (!stream.started) return sequence;
  const auto highest = static_cast<std::uint16_t>(stream.highest_index);
  const std::uint64_t rollovers = stream.highest_index >> 16;
  std::uint64_t guess = rollovers;
  if (highest < 0x8000) {
    // There is nothing before the first turn, so a far number there can only lie ahead.
    if (sequence > highest + 0x8000 && rollovers > 0) guess = rollovers - 1;
  } else if (sequence < highest - 0x8000) {
    guess = rollovers + 1;
  }
  return guess << 16 | sequence;
}

std::expected<void, SrtpError> check_replay(const SrtpReceiveState& stream, std::uint64_t index) {
  if (index > kMaxIndex) return std::unexpected(SrtpError::too_old);  // the key has done its 2^48 packets
  if (!stream.started || index > stream.highest_index) return {};
  if (stream.highest_index - index >= SrtpReceiveState::kWindow) return std::unexpected(SrtpError::too_old);
  // The window is a ring of bits: index i stands at i modulo its size.
  const bool seen = (stream.seen[index % SrtpReceiveState::kWindow / 64] & seen_bit(index)) != 0;
  if (seen) return std::unexpected(SrtpError::replayed);
  return {};
}

void accept_index(SrtpReceiveState& stream, std::uint64_t index) {
  if (!stream.started || (index > stream.highest_index && index - stream.highest_index >= SrtpReceiveState::kWindow)) {
    stream.seen.fill(0);
  } else {
    // Places between the old highest and the new one still hold what was seen a whole window ago.
    for (auto i = stream.highest_index + 1; i < index; ++i) seen_word(stream, i) &= ~seen_bit(i);
  }
  stream.highest_index = stream.started ? std::max(stream.highest_index, index) : index;
  stream.started = true;
  seen_word(stream, index) |= seen_bit(index);
}

const RtcpReplay::Sender* RtcpReplay::find(std::uint32_t ssrc) const {
  const auto end = senders_.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto found = std::find_if(senders_.begin(), end, [&](const Sender& sender) { return sender.ssrc == ssrc; });
  return found == end ? nullptr : &*found;
}

std::expected<void, SrtpError> RtcpReplay::check(std::uint32_t ssrc, std::uint32_t index) const {
  const Sender* sender = find(ssrc);
  if (sender == nullptr) {
    if (count_ == kSenders) return std::unexpected(SrtpError::too_old);
    return {};
  }
  if (index > sender->highest) return {};
  const auto age = sender->highest - index;
  if (age >= kWindow) return std::unexpected(SrtpError::too_old);
  if ((sender->seen >> age & 1) != 0) return std::unexpected(SrtpError::replayed);
  return {};
}

void RtcpReplay::accept(std::uint32_t ssrc, std::uint32_t index) {
  auto* sender = const_cast<Sender*>(find(ssrc));
  if (sender == nullptr) {
    senders_[count_++] = {ssrc, index, 1};
  } else if (index > sender->highest) {
    const auto ahead = index - sender->highest;
    sender->seen = ahead < kWindow ? sender->seen << ahead | 1 : 1;
    sender->highest = index;
  } else {
    sender->seen |= std::uint64_t{1} << (sender->highest - index);
  }
}

}  // namespace bridgehall::crypto

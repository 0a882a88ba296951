// The receivers that have something waiting, served in the order of their places: whoever came first is first, in every
// pass. So each one's delay is the same from frame to frame, and the many that join during a session stand behind those
// who watch already. O(1) but for a bit per peer looked over; allocates when a place beyond all earlier ones comes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "media/indices.h"

namespace bridgehall::media {

class EgressQueue {
 public:
  bool empty() const { return size_ == 0; }

  // Nothing where it waits already.
  void add(PeerIndex peer) {
    const auto word = peer.value() / 64;
    if (word >= waiting_.size()) waiting_.resize(word + 1);
    size_ += !(waiting_[word] >> (peer.value() % 64) & 1);
    waiting_[word] |= std::uint64_t{1} << (peer.value() % 64);
  }
  void remove(PeerIndex peer) {
    const auto word = peer.value() / 64;
    if (word >= waiting_.size()) return;
    size_ -= waiting_[word] >> (peer.value() % 64) & 1;
    waiting_[word] &= ~(std::uint64_t{1} << (peer.value() % 64));
  }

  // The first comes first again.
  void begin_pass() { next_ = 0; }
  // Who is next in this pass, or first in the one that follows it, and is not waiting any more.
  std::optional<PeerIndex> take() {
    const auto peer = at_or_after(next_);
    if (!peer) return std::nullopt;
    remove(*peer);
    next_ = peer->value() + 1;
    return peer;
  }
  // Who will be next after `peer`, or without one now.
  std::optional<PeerIndex> expected() const { return at_or_after(next_); }
  std::optional<PeerIndex> expected_after(PeerIndex peer) const { return at_or_after(peer.value() + 1); }

 private:
  std::optional<PeerIndex> at_or_after(std::uint32_t place) const {
    if (size_ == 0) return std::nullopt;
    const auto words = waiting_.size();
    auto word = std::size_t{place / 64};
    std::uint64_t bits = word < words ? waiting_[word] & ~std::uint64_t{0} << (place % 64) : 0;
    while (bits == 0) {
      word = word + 1 < words ? word + 1 : 0;
      bits = waiting_[word];
    }
    return PeerIndex{static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)))};
  }

  std::vector<std::uint64_t> waiting_;
  std::size_t size_ = 0;
  std::uint32_t next_ = 0;
};

}  // namespace bridgehall::media

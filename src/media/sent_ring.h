// What one receiver was sent lately, by outgoing sequence number, so that a NACK finds the packet in the history. It
// holds more than a second of its stream and grows with the stream's rate. Eight bytes a packet: a frame's lie in one
// cache line.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "media/history.h"

namespace bridgehall::media {

class SentRing {
 public:
  static constexpr Duration kRepeatInterval =
      20ms;  // shorter than any round trip that leaves time for a second repetition

  // Packets, powers of two. Nothing is kept, and no memory taken, before prepare().
  struct Capacity {
    std::uint32_t least, most;
  };
  explicit SentRing(Capacity capacity) : mask_(capacity.least - 1), most_(capacity.most) {}

  void prepare() { entries_.resize(mask_ + 1); }

  // Only when prepared.
  void note(std::int64_t sequence, Arrival arrival) {
    entries_[static_cast<std::size_t>(sequence) & mask_] = {static_cast<std::uint32_t>(arrival),
                                                            static_cast<std::uint16_t>(sequence), kNever};
  }
  // To be called each second. `packets`: noted since the beginning, modulo 2^32. Grows when the last second's packets
  // and a quarter more do not fit.
  void fit(std::uint32_t packets) {
    const auto needed = std::uint64_t{packets - packets_before_} * 5 / 4;
    packets_before_ = packets;
    if (entries_.empty() || needed <= entries_.size() || entries_.size() >= most_) return;
    const auto old = std::move(entries_);
    entries_ = std::vector<Entry>(std::min<std::size_t>(std::bit_ceil(needed), most_));
    mask_ = entries_.size() - 1;
    for (const auto& entry : old)
      if (entry.arrival != kNothing) entries_[entry.sequence & mask_] = entry;
  }

  // Asks the processor for where packets from `sequence` on will be noted.
  void prefetch(std::int64_t sequence) const {
    if (!entries_.empty()) __builtin_prefetch(&entries_[static_cast<std::size_t>(sequence) & mask_], 1);
  }

  // The arrival that went out as `sequence`, if it is still known and was not repeated within kRepeatInterval; notes
  // the repetition. `next`: of the history, which no arrival is older than by 2^32.
  std::optional<Arrival> take_for_repeat(std::uint16_t sequence, Arrival next, TimePoint now) {
    if (entries_.empty()) return std::nullopt;
    auto& entry = entries_[sequence & mask_];
    if (entry.arrival == kNothing || entry.sequence != sequence) return std::nullopt;
    const auto stamp = stamp_of(now);
    if (entry.repeated != kNever && (stamp + kStamps - entry.repeated) % kStamps < kRepeatInterval / 1ms)
      return std::nullopt;
    entry.repeated = stamp;
    return next - static_cast<std::uint32_t>(static_cast<std::uint32_t>(next) - entry.arrival);
  }

 private:
  static constexpr std::uint32_t kNothing = UINT32_MAX;
  static constexpr std::uint16_t kNever = UINT16_MAX;
  static constexpr int kStamps = UINT16_MAX;  // milliseconds; a packet is long forgotten when they come again

  static std::uint16_t stamp_of(TimePoint now) {
    return static_cast<std::uint16_t>(now.time_since_epoch() / 1ms % kStamps);
  }

  struct Entry {
    std::uint32_t arrival = kNothing;  // the low bits
    std::uint16_t sequence = 0;
    std::uint16_t repeated = kNever;
  };

  std::vector<Entry> entries_;
  std::size_t mask_;
  std::uint32_t most_;
  std::uint32_t packets_before_ = 0;
};

}  // namespace bridgehall::media

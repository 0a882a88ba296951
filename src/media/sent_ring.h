// What one receiver was sent lately, by outgoing sequence number, so that a NACK finds the packet in the history. Sized
// by rate: video 512 (1.2 s at 4 Mb/s), audio 64 (1.3 s).
#pragma once

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

  // `capacity` is a power of two. Nothing is kept, and no memory taken, before prepare().
  explicit SentRing(std::uint32_t capacity) : mask_(capacity - 1) {}

  void prepare() { entries_.resize(mask_ + 1); }

  // Only when prepared.
  void note(std::int64_t sequence, Arrival arrival) {
    entries_[static_cast<std::size_t>(sequence) & mask_] = {arrival, TimePoint::min(),
                                                            static_cast<std::uint16_t>(sequence), true};
  }

  // The arrival that went out as `sequence`, if it is still known and was not repeated within kRepeatInterval; notes
  // the repetition.
  std::optional<Arrival> take_for_repeat(std::uint16_t sequence, TimePoint now) {
    if (entries_.empty()) return std::nullopt;
    auto& entry = entries_[sequence & mask_];
    if (!entry.used || entry.sequence != sequence) return std::nullopt;
    if (entry.repeated_at != TimePoint::min() && now - entry.repeated_at < kRepeatInterval) return std::nullopt;
    entry.repeated_at = now;
    return entry.arrival;
  }

 private:
  struct Entry {
    Arrival arrival = 0;
    TimePoint repeated_at{};
    std::uint16_t sequence = 0;
    bool used = false;
  };

  std::vector<Entry> entries_;
  std::size_t mask_;
};

}  // namespace bridgehall::media

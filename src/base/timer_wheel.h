// One timer per key, kept in a hashed wheel of 1 ms ticks: setting and firing cost O(1), however many peers a shard
// has. A deadline further off than one turn stays in its bucket and is looked at once per turn.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace bridgehall {

class TimerWheel {
 public:
  // Key: a small dense index (a peer's slot). The wheel grows to the largest key seen.
  using Key = std::uint32_t;

  explicit TimerWheel(TimePoint start) : tick_(tick_of(start)), buckets_(kBuckets) {}

  // Moves `key`'s only timer to `deadline`; kNever clears it. Fires at the first expire() at or after the deadline
  // rounded up to the tick; a deadline already past, at the next tick.
  void set(Key key, TimePoint deadline) {
    if (key >= timers_.size()) timers_.resize(key + 1);
    auto& timer = timers_[key];
    if (timer.deadline == deadline) return;
    timer.deadline = deadline;
    // An entry that lies in a bucket at or before the new one is moved on when its bucket comes up.
    const auto tick = deadline == kNever ? kNoTick : std::max(tick_at_or_after(deadline), tick_ + 1);
    if (tick == kNoTick || (timer.queued_tick != kNoTick && timer.queued_tick <= tick)) return;
    queue(key, timer, tick);
  }

  // When expire() should be called next: the earliest deadline rounded up to the tick, or before it (a cleared or moved
  // timer, or one beyond a turn, may still wake once).
  TimePoint next_deadline() const {
    const auto first = static_cast<std::size_t>(tick_ + 1) % kBuckets;
    for (std::size_t step = 0; step <= kWords; ++step) {
      const auto word = (first / 64 + step) % kWords;
      auto bits = occupied_[word];
      if (step == 0) bits &= ~std::uint64_t{0} << (first % 64);
      if (step == kWords) bits &= ~(~std::uint64_t{0} << (first % 64));
      if (bits == 0) continue;
      const auto bucket = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      const auto ahead = (bucket + kBuckets - first) % kBuckets;
      return TimePoint{std::chrono::milliseconds(tick_ + 1 + static_cast<std::int64_t>(ahead))};
    }
    return kNever;
  }

  // Calls fire(key) once for each timer that is due; the timer is cleared before, so fire may set it again.
  template <class Fire>
  void expire(TimePoint now, Fire&& fire) {
    const auto target = tick_of(now);
    const auto steps = std::min<std::int64_t>(target - tick_, kBuckets);
    if (target <= tick_) return;
    const auto first = target - steps + 1;
    tick_ = target;
    for (auto tick = first; tick <= target; ++tick) {
      const auto bucket = static_cast<std::size_t>(tick) % kBuckets;
      if (!(occupied_[bucket / 64] >> (bucket % 64) & 1)) continue;
      occupied_[bucket / 64] &= ~(std::uint64_t{1} << (bucket % 64));
      due_.swap(buckets_[bucket]);
      for (const auto& entry : due_) {
        auto& timer = timers_[entry.key];
        if (timer.queued_tick != entry.tick) continue;  // moved to an earlier bucket since
        timer.queued_tick = kNoTick;
        if (timer.deadline == kNever) continue;
        if (timer.deadline <= now) {
          timer.deadline = kNever;
          fire(entry.key);
        } else {
          queue(entry.key, timer, std::max(tick_at_or_after(timer.deadline), tick_ + 1));
        }
      }
      due_.clear();
    }
  }

 private:
  static constexpr std::int64_t kBuckets =
      4096;  // one turn is about four seconds: longer than any protocol timer but consent
  static constexpr std::size_t kWords = kBuckets / 64;
  static constexpr std::int64_t kNoTick = INT64_MAX;
  struct Entry {
    Key key;
    std::int64_t tick;
  };
  struct Timer {
    TimePoint deadline = kNever;
    std::int64_t queued_tick = kNoTick;
  };

  static std::int64_t tick_of(TimePoint t) {
    return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
  }
  static std::int64_t tick_at_or_after(TimePoint t) {
    return std::chrono::ceil<std::chrono::milliseconds>(t.time_since_epoch()).count();
  }

  void queue(Key key, Timer& timer, std::int64_t tick) {
    const auto bucket = std::min(tick, tick_ + kBuckets - 1);
    timer.queued_tick = bucket;
    const auto index = static_cast<std::size_t>(bucket) % kBuckets;
    buckets_[index].push_back({key, bucket});
    occupied_[index / 64] |= std::uint64_t{1} << (index % 64);
  }

  std::int64_t tick_;
  std::vector<std::vector<Entry>> buckets_;
  std::array<std::uint64_t, kWords> occupied_{};
  std::vector<Entry> due_;
  std::vector<Timer> timers_;
};

}  // namespace bridgehall

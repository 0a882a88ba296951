// Counts of durations in steps of 10 µs up to 2 s: percentiles exact to the step, fixed memory, nothing allocated when
// adding.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.h"

namespace bridgehall::load {

class LatencyHistogram {
 public:
  static constexpr Duration kStep = 10us;
  static constexpr std::size_t kSteps = 200'000;

  void add(Duration latency) {
    const auto step = std::clamp<std::int64_t>(latency / kStep, 0, kSteps - 1);
    ++counts_[static_cast<std::size_t>(step)];
    ++total_;
    max_ = std::max(max_, latency);
  }
  void clear() {
    counts_.fill(0);
    total_ = 0;
    max_ = {};
  }
  LatencyHistogram& operator+=(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < kSteps; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    max_ = std::max(max_, other.max_);
    return *this;
  }
  std::uint64_t count() const { return total_; }
  Duration max() const { return max_; }

  // The upper end of the step that holds the p-th part (0 < p ≤ 1) of all; zero when there are none.
  Duration percentile(double p) const {
    if (total_ == 0) return {};
    const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(p * static_cast<double>(total_) + 0.5));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kSteps; ++i) {
      seen += counts_[i];
      if (seen >= wanted) return std::min(kStep * static_cast<std::int64_t>(i + 1), max_);
    }
    return max_;
  }

 private:
  std::array<std::uint32_t, kSteps> counts_{};
  std::uint64_t total_ = 0;
  Duration max_{};
};

}  // namespace bridgehall::load

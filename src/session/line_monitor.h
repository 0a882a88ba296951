// What the line to one peer is like, from what its feedback says: SendLog makes one LineReport of each transport-wide
// message; for receivers without these ReportedStream makes one of each report block (feed one kind only). Fixed
// memory, no allocation; a few calls a second per peer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace bridgehall::session {

// One message of feedback, understood.
struct LineReport {
  std::uint32_t received = 0;   // packets newly known to have come
  std::uint32_t lost = 0;       // packets newly known to be missing
  std::uint32_t corrected = 0;  // of `received`, those that an earlier message called lost
  std::uint32_t acknowledged_bytes = 0;
  bool counts_bytes = false;  // false: acknowledged_bytes is not known (report blocks)
  // One-way delay against an unknown constant, the least in this message: what it stays above is a standing queue, not
  // the burst of a train.
  std::optional<Duration> delay;
  std::optional<Duration> round_trip;
};

// The line over the last moments.
struct LineSummary {
  std::uint32_t packets = 0;  // that the loss is a share of
  std::uint32_t lost = 0;
  Duration queueing_delay{};                          // smoothed; above the least of the last 10 s
  Duration round_trip{};                              // smoothed; 0 until known
  Duration least_round_trip{};                        // of the last 10 s
  std::optional<std::uint64_t> acknowledged_bitrate;  // bits per second; not known from report blocks
  Duration unanswered{};                              // how long packets have been sent without any word about them

  double loss_ratio() const { return packets == 0 ? 0 : static_cast<double>(lost) / packets; }
};

class LineMonitor {
 public:
  static constexpr Duration kBucket = 250ms;
  static constexpr std::size_t kRateBuckets = 3;  // of these for the bit rate, which has to follow a fall at once
  static constexpr std::size_t kBuckets = 6;      // 1.5 s: long enough to be no accident, short enough to act on
  static constexpr Duration kLeastBucket = 1s;
  static constexpr std::size_t kLeastBuckets = 10;
  static constexpr Duration kSmoothing = 200ms;
  static constexpr Duration kForgotten = 5s;  // a queue that nothing is heard of any more has emptied: nothing is sent

  void add(const LineReport& feedback, TimePoint now);
  // `unanswered` is SendLog::unanswered(now), or 0 where there is none.
  LineSummary summary(TimePoint now, Duration unanswered) const;

 private:
  struct Counts {
    std::int64_t slot = -1;  // which bucket of time this is
    std::uint32_t received = 0, lost = 0, corrected = 0;
    std::uint64_t bytes = 0;
  };
  // The least of a value over kLeastBuckets, and the value itself smoothed.
  class Level {
   public:
    void add(Duration value, TimePoint now);
    Duration smoothed() const { return smoothed_; }
    Duration least(TimePoint now) const;
    // How far it is above its least.
    Duration raised(TimePoint now) const;

   private:
    struct Least {
      std::int64_t slot = -1;
      Duration value{};
    };
    std::array<Least, kLeastBuckets> least_{};
    Duration smoothed_{};
    TimePoint at_{};
    bool started_ = false;
  };

  std::array<Counts, kBuckets> counts_{};
  Level delay_;
  Level round_trip_;
  TimePoint first_{};
  bool started_ = false;
  bool counts_bytes_ = false;
  bool has_delay_ = false;
};

}  // namespace bridgehall::session

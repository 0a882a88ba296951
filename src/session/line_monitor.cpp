#include "session/line_monitor.h"

#include <algorithm>

namespace bridgehall::session {
namespace {

std::int64_t slot_of(TimePoint now, Duration bucket) { return now.time_since_epoch() / bucket; }

}  // namespace

void LineMonitor::Level::add(Duration value, TimePoint now) {
  const auto slot = slot_of(now, kLeastBucket);
  auto& least = least_[static_cast<std::size_t>(slot) % kLeastBuckets];
  least = {slot, least.slot == slot ? std::min(least.value, value) : value};
  if (started_) {
    const auto elapsed = static_cast<double>((now - at_).count());
    const double share = elapsed / (elapsed + static_cast<double>(kSmoothing.count()));
    smoothed_ += Duration{static_cast<std::int64_t>(static_cast<double>((value - smoothed_).count()) * share)};
  } else {
    smoothed_ = value;
  }
  at_ = now;
  started_ = true;
}

Duration LineMonitor::Level::least(TimePoint now) const {
  const auto oldest = slot_of(now, kLeastBucket) - static_cast<std::int64_t>(kLeastBuckets);
  Duration least = smoothed_;
  for (const auto& bucket : least_)
    if (bucket.slot > oldest) least = std::min(least, bucket.value);
  return least;
}

Duration LineMonitor::Level::raised(TimePoint now) const {
  return now - at_ < kForgotten ? smoothed_ - least(now) : 0ns;
}

void LineMonitor::add(const LineReport& report, TimePoint now) {
  if (!started_) first_ = now;
  started_ = true;
  const auto slot = slot_of(now, kBucket);
  auto& counts = counts_[static_cast<std::size_t>(slot) % kBuckets];
  if (counts.slot != slot) counts = {.slot = slot};
  counts.received += report.received;
  counts.lost += report.lost;
  counts.corrected += report.corrected;
  counts.bytes += report.acknowledged_bytes;
  counts_bytes_ |= report.counts_bytes;
  if (report.delay) {
    delay_.add(*report.delay, now);
    has_delay_ = true;
  }
  if (report.round_trip) round_trip_.add(*report.round_trip, now);
}

LineSummary LineMonitor::summary(TimePoint now, Duration unanswered) const {
  LineSummary line{
      .round_trip = round_trip_.smoothed(), .least_round_trip = round_trip_.least(now), .unanswered = unanswered};
  // Only a round trip is known from report blocks; what it has grown by is a queue too, on one of its ways.
  line.queueing_delay = (has_delay_ ? delay_ : round_trip_).raised(now);

  const auto newest = slot_of(now, kBucket);
  std::uint64_t bytes = 0;
  std::uint32_t received = 0, lost = 0, corrected = 0;
  for (const auto& counts : counts_) {
    const auto age = newest - counts.slot;
    if (counts.slot < 0 || age < 0 || age >= static_cast<std::int64_t>(kBuckets)) continue;
    received += counts.received;
    lost += counts.lost;
    corrected += counts.corrected;
    if (age < static_cast<std::int64_t>(kRateBuckets)) bytes += counts.bytes;
  }
  line.lost = lost - std::min(lost, corrected);
  line.packets = received + line.lost;

  const TimePoint since{(newest - static_cast<std::int64_t>(kRateBuckets) + 1) * kBucket};
  const Duration span = now - std::max(since, first_);
  if (started_ && counts_bytes_ && span >= kBucket)
    line.acknowledged_bitrate = bytes * 8'000'000'000u / static_cast<std::uint64_t>(span.count());
  return line;
}

}  // namespace bridgehall::session

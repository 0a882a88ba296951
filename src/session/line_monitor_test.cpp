#include "session/line_monitor.h"

#include <gtest/gtest.h>

namespace bridgehall::session {
namespace {

constexpr TimePoint kStart{100s};

// Feeds `report` each 100 ms for `time`.
TimePoint feed(LineMonitor& monitor, LineReport report, TimePoint now, Duration time) {
  for (const auto end = now + time; now < end; now += 100ms) monitor.add(report, now);
  return now;
}

TEST(LineMonitor, KnowsNothingAtFirst) {
  const auto line = LineMonitor{}.summary(kStart, 0ns);
  EXPECT_EQ(line.packets, 0u);
  EXPECT_EQ(line.loss_ratio(), 0);
  EXPECT_EQ(line.queueing_delay, 0ns);
  EXPECT_EQ(line.acknowledged_bitrate, std::nullopt);
}

TEST(LineMonitor, TellsTheLossOfTheLastMomentsOnly) {
  LineMonitor monitor;
  auto now = feed(monitor, {.received = 8, .lost = 2}, kStart, 5s);
  EXPECT_DOUBLE_EQ(monitor.summary(now, 0ns).loss_ratio(), 0.2);
  now = feed(monitor, {.received = 10}, now, 750ms);
  EXPECT_NEAR(monitor.summary(now, 0ns).loss_ratio(), 0.1, 0.03);
  now = feed(monitor, {.received = 10}, now, 1s);
  EXPECT_EQ(monitor.summary(now, 0ns).lost, 0u);
  EXPECT_EQ(monitor.summary(now + 2s, 0ns).packets, 0u);
}

TEST(LineMonitor, TakesBackALossThatWasReordering) {
  LineMonitor monitor;
  monitor.add({.received = 8, .lost = 2}, kStart);
  monitor.add({.received = 2, .corrected = 2}, kStart + 100ms);
  EXPECT_EQ(monitor.summary(kStart + 100ms, 0ns).lost, 0u);
  EXPECT_EQ(monitor.summary(kStart + 100ms, 0ns).packets, 10u);
  monitor.add({.received = 5, .corrected = 5}, kStart + 3s);
  EXPECT_EQ(monitor.summary(kStart + 3s, 0ns).lost, 0u) << "its loss is forgotten already";
}

TEST(LineMonitor, TellsTheQueueAboveTheLeastDelay) {
  LineMonitor monitor;
  auto now = feed(monitor, {.delay = -40ms}, kStart, 3s);
  EXPECT_EQ(monitor.summary(now, 0ns).queueing_delay, 0ns);
  now = feed(monitor, {.delay = 160ms}, now, 300ms);
  EXPECT_GT(monitor.summary(now, 0ns).queueing_delay, 100ms);
  now = feed(monitor, {.delay = 160ms}, now, 2s);
  EXPECT_NEAR(static_cast<double>(monitor.summary(now, 0ns).queueing_delay.count()), 200e6, 1e6);
  now = feed(monitor, {.delay = 160ms}, now, 12s);
  EXPECT_LT(monitor.summary(now, 0ns).queueing_delay, 1ms) << "the way itself is longer now";
}

TEST(LineMonitor, TakesAQueueThatNothingIsHeardOfForEmpty) {
  LineMonitor monitor;
  auto now = feed(monitor, {.delay = 0ms}, kStart, 2s);
  now = feed(monitor, {.delay = 800ms}, now, 2s);
  EXPECT_GT(monitor.summary(now + 4s, 0ns).queueing_delay, 700ms);
  EXPECT_EQ(monitor.summary(now + 5s, 0ns).queueing_delay, 0ms);
}

TEST(LineMonitor, TakesTheGrowthOfTheRoundTripForAQueueWhereNothingElseIsKnown) {
  LineMonitor monitor;
  auto now = feed(monitor, {.received = 5, .round_trip = 50ms}, kStart, 3s);
  now = feed(monitor, {.received = 5, .round_trip = 300ms}, now, 3s);
  const auto line = monitor.summary(now, 0ns);
  EXPECT_NEAR(static_cast<double>(line.queueing_delay.count()), 250e6, 1e6);
  EXPECT_EQ(line.least_round_trip, 50ms);
}

TEST(LineMonitor, MeasuresWhatComesThrough) {
  LineMonitor monitor;
  const LineReport fast{.received = 10, .acknowledged_bytes = 12'500, .counts_bytes = true};  // 1 Mb/s
  auto now = feed(monitor, fast, kStart, 3s);
  EXPECT_NEAR(static_cast<double>(monitor.summary(now, 0ns).acknowledged_bitrate.value()), 1e6, 2e5);
  const LineReport slow{.received = 1, .acknowledged_bytes = 1'250, .counts_bytes = true};
  now = feed(monitor, slow, now, 800ms);
  EXPECT_NEAR(static_cast<double>(monitor.summary(now, 0ns).acknowledged_bitrate.value()), 1e5, 2e4);
}

}  // namespace
}  // namespace bridgehall::session

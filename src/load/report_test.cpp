#include "load/report.h"

#include <memory>

#include <gtest/gtest.h>
#include <unistd.h>

#include "load/process_usage.h"

namespace bridgehall::load {
namespace {

TEST(LatencyHistogram, PercentilesAreExactToTheStep) {
  auto histogram = std::make_unique<LatencyHistogram>();
  EXPECT_EQ(histogram->percentile(0.99), Duration{});
  for (int i = 1; i <= 1000; ++i) histogram->add(std::chrono::microseconds(i * 100 - 5));
  EXPECT_EQ(histogram->percentile(0.5), 50'000us);
  EXPECT_EQ(histogram->percentile(0.99), 99'000us);
  EXPECT_EQ(histogram->percentile(1), histogram->max());
  histogram->add(10s);
  histogram->add(-1ms);
  EXPECT_EQ(histogram->max(), 10s);
  EXPECT_EQ(histogram->count(), 1002u);
}

TEST(LatencyHistogram, AddsUpWithAnother) {
  auto sum = std::make_unique<LatencyHistogram>(), other = std::make_unique<LatencyHistogram>();
  for (int i = 0; i < 10; ++i) sum->add(1ms), other->add(9ms);
  other->add(20ms);
  *sum += *other;
  EXPECT_EQ(sum->count(), 21u);
  EXPECT_EQ(sum->max(), 20ms);
  EXPECT_EQ(sum->percentile(0.4), 1010us);
  EXPECT_EQ(sum->percentile(0.9), 9010us);
}

TEST(ProcessUsage, ReadsItsOwnProcessAndNotOneThatIsNotThere) {
  const auto own = read_process_usage(getpid());
  ASSERT_TRUE(own);
  EXPECT_GT(own->resident_kib, 1000u);
  EXPECT_GE(own->threads, 1);
  EXPECT_GE(own->descriptors, 3);
  EXPECT_FALSE(read_process_usage(1 << 30));
}

TEST(ProcessUsage, CountsADescriptorThatIsOpenedAndClosed) {
  const auto before = read_own_usage().descriptors;
  const auto opened = dup(STDERR_FILENO);
  ASSERT_GE(opened, 0);
  EXPECT_EQ(read_own_usage().descriptors, before + 1);
  close(opened);
  EXPECT_EQ(read_own_usage().descriptors, before);
}

TEST(Report, TableAndJsonTellTheSameAndNameTheGeneratorWhenItWasTheLimit) {
  auto result = std::make_unique<LoadResult>();
  result->viewers_joined = 2;
  result->usage.seconds = 10;
  result->viewers = {.packets = 1000, .bytes = 1'000'000, .expected = 1000, .received = 999};
  result->usage.server_cpu = 2ms;
  result->usage.generator_cpu = 5s;
  const LoadOptions options;
  EXPECT_NE(to_table(options, *result).find("1.00e-03"), std::string::npos);
  EXPECT_NE(to_table(options, *result).find("2.00 µs"), std::string::npos);
  EXPECT_EQ(to_table(options, *result).find("was the limit"), std::string::npos);
  EXPECT_NE(to_json(options, *result).find("\"gap_ratio\": 0.001"), std::string::npos);
  LoadOptions sound_only;
  sound_only.video = false;
  EXPECT_NE(to_table(options, *result).find("0 decoding"), std::string::npos);
  EXPECT_EQ(to_table(sound_only, *result).find("decoding"), std::string::npos) << "there is nothing to decode";
  EXPECT_EQ(to_json(sound_only, *result).find("decoding"), std::string::npos);
  EXPECT_EQ(to_table(options, *result).find("busy"), std::string::npos);
  result->usage.server_waited = 200ms;
  EXPECT_NE(to_table(options, *result).find("busy"), std::string::npos);
  result->usage.generator_cpu = 9100ms;
  EXPECT_NE(to_table(options, *result).find("was the limit"), std::string::npos);
  EXPECT_NE(to_json(options, *result).find("\"was_limit\": true"), std::string::npos);
}

TEST(Report, AServerThatForwardedNothingIsNotTakenForOneThatIsGone) {
  auto result = std::make_unique<LoadResult>();
  EXPECT_EQ(to_json({}, *result).find("\"server\""), std::string::npos);
  result->usage.server_cpu = 2ms;
  result->usage.server_kib = 4711;
  EXPECT_NE(to_json({}, *result).find("\"resident_kib\": 4711"), std::string::npos);
  for (const auto* figure : {"cpu_us_per_packet", "gap_ratio", "latency_ms"})
    EXPECT_EQ(to_json({}, *result).find(figure), std::string::npos) << figure;
}

}  // namespace
}  // namespace bridgehall::load

#include "load/long_run.h"

#include <functional>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace bridgehall::load {
namespace {

// An hour by the minute of a server that behaves, with what `change` does to each sample.
std::vector<RunSample> an_hour(const std::function<void(int minute, RunSample&)>& change = [](int, RunSample&) {}) {
  std::vector<RunSample> samples;
  for (int minute = 1; minute <= 60; ++minute) {
    const auto wobble = minute * 7 % 5;  // as no two minutes are the same
    RunSample sample{.at = std::chrono::minutes(minute),
                     .members = 71 - wobble % 2,
                     .resident_kib = 100'000 + static_cast<std::uint64_t>(wobble) * 500,
                     .descriptors = 71 - wobble % 2 + 17,
                     .threads = 4,
                     .latency_p50_ms = 1,
                     .latency_p99_ms = 4 + 0.1 * wobble,
                     .packets = 500'000};
    change(minute, sample);
    samples.push_back(sample);
  }
  return samples;
}

constexpr DescriptorEnds kSame{17, 17};

TEST(LongRun, AServerThatStaysTheSamePasses) {
  const auto verdict = judge(an_hour(), kSame, {});
  EXPECT_TRUE(verdict.passed()) << to_rows(verdict, {});
  EXPECT_EQ(verdict.judged, 51u);
  EXPECT_LT(verdict.memory_spread, 0.02);
}

TEST(LongRun, WhatItTakesInTheFirstMinutesIsNotHeldAgainstIt) {
  const auto samples = an_hour([](int minute, RunSample& sample) {
    if (minute < 10) sample.resident_kib /= 2, sample.latency_p99_ms = 90, sample.descriptors = 3;
  });
  EXPECT_TRUE(judge(samples, kSame, {}).passed());
}

TEST(LongRun, MemoryThatGrowsOrPeaksOnceIsNotFlat) {
  const auto leaking =
      an_hour([](int minute, RunSample& sample) { sample.resident_kib += static_cast<std::uint64_t>(minute) * 300; });
  const auto peaking = an_hour([](int minute, RunSample& sample) {
    if (minute == 40) sample.resident_kib = 110'000;
  });
  for (const auto& samples : {leaking, peaking}) {
    const auto verdict = judge(samples, kSame, {});
    EXPECT_FALSE(verdict.memory_flat);
    EXPECT_FALSE(verdict.passed());
    EXPECT_TRUE(verdict.latency_steady && verdict.descriptors_kept);
  }
}

TEST(LongRun, LatencyMayHaveABadMinuteButMustNotGrow) {
  const auto bad_minutes = an_hour([](int minute, RunSample& sample) {
    if (minute % 9 == 0) sample.latency_p99_ms = 80;
  });
  EXPECT_TRUE(judge(bad_minutes, kSame, {}).passed());
  const auto growing = an_hour([](int minute, RunSample& sample) { sample.latency_p99_ms += 0.05 * minute; });
  EXPECT_FALSE(judge(growing, kSame, {}).latency_steady);
  const auto stepping = an_hour([](int minute, RunSample& sample) {
    if (minute > 45) sample.latency_p99_ms += 3;
  });
  EXPECT_FALSE(judge(stepping, kSame, {}).latency_steady);
}

TEST(LongRun, DescriptorsMayFollowTheMembersOnly) {
  const auto fewer = an_hour([](int minute, RunSample& sample) {
    if (minute > 30) sample.members -= 20, sample.descriptors -= 20;
  });
  EXPECT_TRUE(judge(fewer, kSame, {}).passed());
  const auto leaking = an_hour([](int minute, RunSample& sample) { sample.descriptors += minute / 5; });
  EXPECT_FALSE(judge(leaking, kSame, {}).descriptors_kept);
  EXPECT_FALSE(judge(an_hour(), {17, 25}, {}).descriptors_kept);  // still open when all had left
}

TEST(LongRun, AnyMemberLostIsAFailure) {
  const auto verdict = judge(an_hour([](int minute, RunSample& sample) { sample.failures = minute == 3; }), kSame, {});
  EXPECT_EQ(verdict.failures, 1u);
  EXPECT_FALSE(verdict.passed());
}

TEST(LongRun, TooFewSamplesOrAServerUnseenAreNoPass) {
  const auto samples = an_hour();
  const auto short_run = judge(std::span(samples).first(12), kSame, {});
  EXPECT_FALSE(short_run.passed());
  EXPECT_NE(to_rows(short_run, {}).find("not judged: 3 samples"), std::string::npos);
  EXPECT_FALSE(judge({}, {}, {}).passed());
  const auto unseen = judge(an_hour([](int, RunSample& sample) { sample.resident_kib = 0; }), kSame, {});
  EXPECT_FALSE(unseen.passed());
  EXPECT_NE(to_rows(unseen, {}).find("--server-pid"), std::string::npos);
}

TEST(LongRun, RowsAndJsonTellTheSame) {
  const auto samples = an_hour();
  const auto verdict = judge(samples, kSame, {});
  const auto rows = to_rows(verdict, {});
  for (const auto* part : {"51, after the first 600 s", "+0 beside the members'; 17 before, 17 after", "passed"})
    EXPECT_NE(rows.find(part), std::string::npos) << part << "\n" << rows;
  const auto json = to_object(samples, verdict);
  EXPECT_EQ(json["samples"].size(), 60u);
  EXPECT_EQ(json["samples"][59]["at_s"], 3600);
  EXPECT_EQ(json["passed"], true);
  EXPECT_NE(to_line(samples[29]).find(" 30.0 "), std::string::npos);
}

}  // namespace
}  // namespace bridgehall::load

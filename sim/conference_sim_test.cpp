#include <set>

#include <gtest/gtest.h>

#include "sim/conference_scenario.h"

namespace bridgehall::sim {
namespace {

// One run in ten has 50 sites, one in fifty 200. Sanitizers make it about ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeedsPerBatch = 1;
#else
constexpr std::uint64_t kSeedsPerBatch = 20;
#endif
constexpr std::uint64_t kBatches = 10;

std::string replay(std::uint64_t seed) {
  return fmt::format("replay it with: build/release/sim/simulate --conference --seed {} --verbose", seed);
}

class ConferenceSeeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ConferenceSeeds, KeepEveryInvariantUnderFaultsAndComeAliveAfterHealing) {
  for (auto seed = GetParam() * kSeedsPerBatch; seed < (GetParam() + 1) * kSeedsPerBatch; ++seed) {
    const auto result = run_conference(seed);
    for (const auto& violation : result.violations) ADD_FAILURE() << violation << "\n" << replay(seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Batch, ConferenceSeeds, testing::Range<std::uint64_t>(0, kBatches));

// What a sweep once found: here a demand for a layer crossed its new sender on the way between two shards, and stood.
TEST(ConferenceSimulator, KeepsEveryInvariantWhereItOnceDidNot) {
  for (const std::uint64_t seed : {452})
    for (const auto& violation : run_conference(seed).violations) ADD_FAILURE() << violation << "\n" << replay(seed);
}

// On one shard and on three, small and with 50 sites.
TEST(ConferenceSimulator, MakesTheSameRunOfTheSameSeed) {
  std::set<std::uint64_t> traces;
  for (const std::uint64_t seed : {3, 4, 5, 6, 10}) {
    const auto first = run_conference(seed), second = run_conference(seed);
    EXPECT_EQ(first.trace, second.trace) << replay(seed);
    EXPECT_EQ(first.summary, second.summary) << replay(seed);
    traces.insert(first.trace);
  }
  EXPECT_EQ(traces.size(), 5u) << "other seeds make other runs";
}

}  // namespace
}  // namespace bridgehall::sim

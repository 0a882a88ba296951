#include <gtest/gtest.h>

#include "sim/scenario.h"

namespace bridgehall::sim {
namespace {

// Sanitizers make a run about ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeedsPerBatch = 1;
#else
constexpr std::uint64_t kSeedsPerBatch = 10;
#endif
constexpr std::uint64_t kBatches = 12;

std::string replay(std::uint64_t seed) {
  return fmt::format("replay it with: build/release/sim/simulate --seed {} --verbose", seed);
}

class Seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, KeepEveryInvariantUnderFaultsAndComeAliveAfterHealing) {
  for (auto seed = GetParam() * kSeedsPerBatch; seed < (GetParam() + 1) * kSeedsPerBatch; ++seed) {
    const auto result = run_scenario(seed);
    for (const auto& violation : result.violations) ADD_FAILURE() << violation << "\n" << replay(seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Batch, Seeds, testing::Range<std::uint64_t>(0, kBatches));

TEST(Simulator, MakesTheSameRunOfTheSameSeed) {
  for (const std::uint64_t seed : {3, 1'004, 70'005}) {
    const auto first = run_scenario(seed);
    const auto second = run_scenario(seed);
    EXPECT_EQ(first.trace, second.trace) << replay(seed);
    EXPECT_EQ(first.summary, second.summary) << replay(seed);
  }
}

TEST(Simulator, MakesOtherRunsOfOtherSeeds) { EXPECT_NE(run_scenario(1).trace, run_scenario(2).trace); }

}  // namespace
}  // namespace bridgehall::sim

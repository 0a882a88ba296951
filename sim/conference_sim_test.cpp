#include <gtest/gtest.h>

#include "sim/conference_scenario.h"

namespace bridgehall::sim {
namespace {

// One run in eight has 50 sites. Sanitizers make it about ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeedsPerBatch = 1;
#else
constexpr std::uint64_t kSeedsPerBatch = 25;
#endif
constexpr std::uint64_t kBatches = 8;

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

TEST(ConferenceSimulator, MakesTheSameRunOfTheSameSeed) {
  const auto first = run_conference(3), second = run_conference(3);
  EXPECT_EQ(first.trace, second.trace) << replay(3);
  EXPECT_EQ(first.summary, second.summary) << replay(3);
  EXPECT_NE(first.trace, run_conference(4).trace);
}

}  // namespace
}  // namespace bridgehall::sim

#include "base/random.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace bridgehall {
namespace {

TEST(SeededRandom, TheSameSeedGivesTheSameRun) {
  SeededRandom a(42), b(42), c(43);
  std::vector<std::uint64_t> from_a, from_b, from_c;
  for (int i = 0; i < 100; ++i) {
    from_a.push_back(a.u64());
    from_b.push_back(b.u64());
    from_c.push_back(c.u64());
  }
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, from_c);
}

TEST(SeededRandom, FillsEverySize) {
  SeededRandom random(1);
  for (std::size_t size = 0; size < 40; ++size) {
    std::vector<std::uint8_t> out(size + 1, 0);
    std::vector<bool> changed(size);
    for (int i = 0; i < 20; ++i) {
      random.fill(MutableBytes{out}.first(size));
      for (std::size_t k = 0; k < size; ++k) changed[k] = changed[k] || out[k] != 0;
    }
    EXPECT_TRUE(std::all_of(changed.begin(), changed.end(), [](bool b) { return b; })) << size;
    EXPECT_EQ(out[size], 0);
  }
}

TEST(SeededRandom, BelowStaysBelowAndReachesAll) {
  SeededRandom random(7);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6'000; ++i) ++seen.at(random.below(6));
  for (const auto count : seen) EXPECT_NEAR(count, 1'000, 200);
  EXPECT_EQ(random.below(1), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_LT(random.below(UINT64_MAX), UINT64_MAX);
}

TEST(SeededRandom, ChanceIsExactAtItsEnds) {
  SeededRandom random(9);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
    hits += random.chance(0.25);
  }
  EXPECT_NEAR(hits, 2'500, 250);
}

}  // namespace
}  // namespace bridgehall

#include "base/allowance.h"

#include <gtest/gtest.h>

namespace bridgehall {
namespace {

constexpr AllowanceTerms kTerms{.at_once = 5, .interval = 2s};
constexpr TimePoint kStart{100s};

TEST(Allowance, GivesSoManyAtOnceAndThenOneForEachInterval) {
  Allowance allowance;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(allowance.take(kTerms, kStart));
  EXPECT_FALSE(allowance.take(kTerms, kStart));
  EXPECT_FALSE(allowance.take(kTerms, kStart + 2s - 1ns));
  EXPECT_TRUE(allowance.take(kTerms, kStart + 2s));
  EXPECT_FALSE(allowance.take(kTerms, kStart + 2s));
}

TEST(Allowance, IsFullAgainAfterARestAndNeverFuller) {
  Allowance allowance;
  EXPECT_TRUE(allowance.full(kStart));
  for (int i = 0; i < 5; ++i) allowance.take(kTerms, kStart);
  EXPECT_FALSE(allowance.full(kStart + 10s - 1ns));
  EXPECT_TRUE(allowance.full(kStart + 10s));
  int taken = 0;
  while (allowance.take(kTerms, kStart + 1h)) ++taken;
  EXPECT_EQ(taken, 5);
}

TEST(Allowance, WhoAsksAllTheTimeGetsItsRateAndNoMore) {
  Allowance allowance;
  int taken = 0;
  for (auto now = kStart; now < kStart + 100s; now += 10ms) taken += allowance.take(kTerms, now);
  EXPECT_GE(taken, 5 + 49);
  EXPECT_LE(taken, 5 + 50);
}

}  // namespace
}  // namespace bridgehall

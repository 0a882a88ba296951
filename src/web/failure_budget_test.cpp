#include "web/failure_budget.h"

#include <gtest/gtest.h>

namespace bridgehall::web {
namespace {

constexpr TimePoint kStart{1'000s};

TEST(FailureBudget, IsForEachNetworkAndFillsUpAgain) {
  SeededRandom random(1);
  FailureBudget budget(random);
  const auto attacker = IpAddress::v4(192, 0, 2, 1), other = IpAddress::v4(192, 0, 2, 2);
  for (std::uint32_t i = 0; i < FailureBudget::kTerms.at_once; ++i) EXPECT_TRUE(budget.take(attacker, kStart));
  EXPECT_FALSE(budget.take(attacker, kStart));
  EXPECT_TRUE(budget.take(other, kStart));
  EXPECT_TRUE(budget.take(attacker, kStart + 200ms));
  EXPECT_FALSE(budget.take(attacker, kStart + 200ms));
}

TEST(FailureBudget, AllOfAnIPv6NetworkShareOne) {
  SeededRandom random(1);
  FailureBudget budget(random);
  std::uint32_t taken = 0;
  for (int i = 0; i < 5'000; ++i) {
    auto address = *IpAddress::parse("2001:db8::");
    random.fill(MutableBytes{address.bytes}.subspan(8));
    taken += budget.take(address, kStart);
  }
  EXPECT_EQ(taken, FailureBudget::kTerms.at_once);
}

TEST(FailureBudget, SpreadsNetworksOverItsPlaces) {
  SeededRandom random(7);
  FailureBudget budget(random);
  const auto attacker = IpAddress::v4(192, 0, 2, 1);
  while (budget.take(attacker, kStart)) {
  }
  std::size_t shared = 0;
  for (std::uint32_t i = 0; i < 4'096; ++i)
    shared +=
        !budget.take(IpAddress::v4(10, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)), kStart);
  EXPECT_LE(shared, 10u);
}

}  // namespace
}  // namespace bridgehall::web

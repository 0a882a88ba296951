#include "load/statistics.h"

#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::load {
namespace {

TEST(Statistics, AMedianIsTheMiddle) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({9, 1, 5, 3}), 4);
}

TEST(Statistics, ARiseIsFoundInSpiteOfOddPoints) {
  std::vector<double> x, y;
  for (int i = 0; i <= 60; ++i) {
    x.push_back(i);
    y.push_back(i % 5 == 0 ? 500 : 10 + 0.5 * i);  // every fifth minute something else happened
  }
  EXPECT_NEAR(robust_rise(x, y), 30, 1.5);
  for (auto& value : y) value = std::fmod(value, 1) < 0 ? 0 : 10;
  EXPECT_EQ(robust_rise(x, y), 0);
  EXPECT_EQ(robust_rise({}, {}), 0);
}

TEST(Statistics, AStepThatCameLateIsSeenByThirds) {
  const std::vector<double> stepped{4, 4, 5, 4, 4, 4, 9, 9, 30};
  EXPECT_EQ(rise_by_thirds(stepped), 5);
  EXPECT_EQ(rise_by_thirds(std::vector<double>{1, 9}), 0);
}

TEST(Statistics, TheRiseOfALineIsItsHeightWhateverItsOffset) {
  EXPECT_TRUE(rc::check([] {
    const auto slope = *rc::gen::inRange(-50, 50);
    const auto offset = *rc::gen::inRange(-1000, 1000);
    const auto count = *rc::gen::inRange(2, 40);
    std::vector<double> x, y;
    for (int i = 0; i < count; ++i) {
      x.push_back(i);
      y.push_back(slope * i + offset);
    }
    RC_ASSERT(std::abs(robust_rise(x, y) - slope * (count - 1)) < 1e-6);
  }));
}

}  // namespace
}  // namespace bridgehall::load

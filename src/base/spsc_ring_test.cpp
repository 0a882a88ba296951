#include "base/spsc_ring.h"

#include <deque>
#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall {
namespace {

TEST(SpscRing, GivesBackInOrderAndRefusesWhenFull) {
  SpscRing<int> ring(4);
  EXPECT_EQ(ring.pop(), std::nullopt);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(int{i}));
  EXPECT_FALSE(ring.push(4));
  EXPECT_EQ(ring.pop(), 0);
  EXPECT_TRUE(ring.push(4));
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(ring.pop(), i);
  EXPECT_EQ(ring.pop(), std::nullopt);
}

TEST(SpscRing, LeavesARefusedValueWithItsOwner) {
  SpscRing<std::unique_ptr<int>> ring(1);
  EXPECT_TRUE(ring.push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(ring.push(std::move(second)));
  ASSERT_TRUE(second);
  EXPECT_EQ(**ring.pop(), 1);
  EXPECT_TRUE(ring.push(std::move(second)));
  EXPECT_EQ(**ring.pop(), 2);
}

TEST(SpscRing, KeepsNothingOfWhatWasPopped) {
  SpscRing<std::shared_ptr<int>> ring(2);
  auto value = std::make_shared<int>(1);
  EXPECT_TRUE(ring.push(std::shared_ptr(value)));
  EXPECT_EQ(value.use_count(), 2);
  ring.pop();
  EXPECT_EQ(value.use_count(), 1);
}

TEST(SpscRingDeathTest, WantsAPowerOfTwo) { EXPECT_DEATH(SpscRing<int>(3), "CHECK failed"); }

TEST(SpscRingProperty, BehavesAsABoundedQueue) {
  EXPECT_TRUE(rc::check([](std::vector<bool> pushes) {
    SpscRing<int> ring(8);
    std::deque<int> model;
    int next = 0;
    for (const bool push : pushes) {
      if (push) {
        RC_ASSERT(ring.push(int{next}) == (model.size() < 8));
        if (model.size() < 8) model.push_back(next);
        ++next;
        continue;
      }
      const auto popped = ring.pop();
      RC_ASSERT(popped.has_value() == !model.empty());
      if (!popped) continue;
      RC_ASSERT(*popped == model.front());
      model.pop_front();
    }
  }));
}

// For the thread sanitizer: the contents are plain memory, ordered by the ring alone.
TEST(SpscRing, CarriesEverythingBetweenTwoThreadsInOrder) {
  constexpr int kItems = 50'000;
  struct Item {
    int number = 0;
    std::unique_ptr<int> content;
  };
  SpscRing<Item> ring(16);
  std::jthread producer([&] {
    for (int i = 0; i < kItems; ++i) {
      Item item{i, std::make_unique<int>(i * 3)};
      while (!ring.push(std::move(item))) std::this_thread::yield();
    }
  });
  for (int expected = 0; expected < kItems;) {
    const auto item = ring.pop();
    if (!item) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(item->number, expected);
    ASSERT_EQ(*item->content, expected * 3);
    ++expected;
  }
}

}  // namespace
}  // namespace bridgehall

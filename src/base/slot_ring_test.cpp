#include "base/slot_ring.h"

#include <thread>

#include <gtest/gtest.h>

namespace bridgehall {
namespace {

struct Entry {
  std::uint64_t number = 0;
  std::uint64_t copies[15];
};

TEST(SlotRingTest, GivesWhatWasWrittenInOrderAndNoMoreThanItHolds) {
  SlotRing<Entry> ring(4);
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      auto* entry = ring.next();
      ASSERT_NE(entry, nullptr);
      entry->number = round * 4 + i;
      ring.publish();
    }
    EXPECT_EQ(ring.next(), nullptr);
    EXPECT_EQ(ring.waiting(), 4u);
    for (std::uint64_t i = 0; i < 4; ++i, ring.release()) EXPECT_EQ(ring.front().number, round * 4 + i);
    EXPECT_EQ(ring.waiting(), 0u);
  }
}

TEST(SlotRingTest, AnEntryThatIsNotPublishedIsNotSeen) {
  SlotRing<Entry> ring(2);
  ring.next()->number = 1;
  EXPECT_EQ(ring.waiting(), 0u);
}

TEST(SlotRingTest, TwoThreadsSeeWholeEntries) {
  constexpr std::uint64_t kCount = 20'000;
  SlotRing<Entry> ring(64);
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kCount;) {
      auto* entry = ring.next();
      if (entry == nullptr) {
        std::this_thread::yield();
        continue;
      }
      entry->number = i;
      for (auto& copy : entry->copies) copy = i;
      ring.publish();
      ++i;
    }
  });
  std::uint64_t torn = 0;
  for (std::uint64_t i = 0; i < kCount;) {
    if (ring.waiting() == 0) {
      std::this_thread::yield();
      continue;
    }
    const auto& entry = ring.front();
    torn += entry.number != i;
    for (const auto copy : entry.copies) torn += copy != i;
    ring.release();
    ++i;
  }
  producer.join();
  EXPECT_EQ(torn, 0u);
}

}  // namespace
}  // namespace bridgehall

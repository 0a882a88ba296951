#include "media/history.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::media {
namespace {

StoredPacket packet_in(Slot slot, std::int64_t sequence) { return {.slot = slot, .sequence = sequence}; }

TEST(History, FindsWhatItHasByArrival) {
  PacketStore store(8);
  History history(4, store);
  EXPECT_TRUE(history.empty());
  EXPECT_EQ(history.at(0), nullptr);
  history.push(packet_in(store.acquire(), 70));
  history.push(packet_in(store.acquire(), 71));
  ASSERT_NE(history.at(1), nullptr);
  EXPECT_EQ(history.at(0)->sequence, 70);
  EXPECT_EQ(history.at(1)->sequence, 71);
  EXPECT_EQ(history.at(2), nullptr);
}

TEST(History, GivesTheOldestSlotBackWhenItIsFull) {
  PacketStore store(8);
  History history(4, store);
  for (int i = 0; i < 6; ++i) history.push(packet_in(store.acquire(), i));
  EXPECT_EQ(store.in_use(), 4u);
  EXPECT_EQ(history.oldest(), 2u);
  EXPECT_EQ(history.at(1), nullptr);
  EXPECT_EQ(history.at(2)->sequence, 2);
}

TEST(History, GoesOnCountingAfterItWasCleared) {
  PacketStore store(8);
  History history(4, store);
  history.push(packet_in(store.acquire(), 1));
  history.push(packet_in(store.acquire(), 2));
  history.clear();
  EXPECT_TRUE(history.empty());
  EXPECT_EQ(store.in_use(), 0u);
  EXPECT_EQ(history.next(), 2u);
  history.push(packet_in(store.acquire(), 3));
  EXPECT_EQ(history.at(1), nullptr);
  EXPECT_EQ(history.at(2)->sequence, 3);
}

TEST(History, GivesAllSlotsBackAtItsEnd) {
  PacketStore store(8);
  {
    History history(4, store);
    for (int i = 0; i < 3; ++i) history.push(packet_in(store.acquire(), i));
  }
  EXPECT_EQ(store.in_use(), 0u);
}

TEST(History, KeepsTheNewestOfAnySequenceOfCalls) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& calls) {
    PacketStore store(64);
    History history(16, store);
    std::int64_t pushed = 0;
    std::size_t kept = 0;
    for (const auto call : calls) {
      if (call % 8 == 0 && kept > 0) {
        history.drop_oldest();
        --kept;
      } else if (call == 1) {
        history.clear();
        kept = 0;
      } else {
        history.push(packet_in(store.acquire(), pushed++));
        kept = std::min<std::size_t>(kept + 1, 16);
      }
      RC_ASSERT(history.size() == kept);
      RC_ASSERT(store.in_use() == kept);
      for (auto arrival = history.oldest(); arrival < history.next(); ++arrival)
        RC_ASSERT(history.at(arrival)->sequence == static_cast<std::int64_t>(arrival));
    }
  }));
}

TEST(History, ForgetsWhatIsOldTwoForEachThatComesAndKeepsTheNewest) {
  PacketStore store(16);
  History history(8, store);
  const auto push = [&](Duration at) { history.push({.slot = store.acquire(), .arrived_at = TimePoint{} + at}); };
  for (int i = 0; i < 6; ++i) push(1s * i);
  history.forget_before(TimePoint{} + 3s);
  EXPECT_EQ(history.oldest(), 2u);
  history.forget_before(TimePoint{} + 3s);
  EXPECT_EQ(history.oldest(), 3u);
  history.forget_before(TimePoint{} + 3s);
  EXPECT_EQ(history.oldest(), 3u);
  for (int i = 0; i < 5; ++i) history.forget_before(TimePoint{} + 1h);
  EXPECT_EQ(history.size(), 1u);
}

}  // namespace
}  // namespace bridgehall::media

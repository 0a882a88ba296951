#include "media/packet_store.h"

#include <set>

#include <gtest/gtest.h>

namespace bridgehall::media {
namespace {

TEST(PacketStore, HandsOutEachSlotOnce) {
  PacketStore store(10);
  std::set<Slot> slots;
  while (!store.empty()) slots.insert(store.acquire());
  EXPECT_EQ(slots.size(), 10u);
  EXPECT_EQ(store.in_use(), 10u);
}

TEST(PacketStore, TakesLowSlotsFirstSoThatUnusedMemoryIsNotTouched) {
  PacketStore store(1'000);
  EXPECT_EQ(store.acquire(), Slot{0});
  EXPECT_EQ(store.acquire(), Slot{1});
  store.release(Slot{0});
  EXPECT_EQ(store.acquire(), Slot{0});
}

TEST(PacketStore, SlotsDoNotOverlap) {
  PacketStore store(4);
  const auto first = store.bytes(Slot{1}), second = store.bytes(Slot{2});
  EXPECT_EQ(first.size(), PacketStore::kSlotSize);
  EXPECT_EQ(first.data() + first.size(), second.data());
}

}  // namespace
}  // namespace bridgehall::media

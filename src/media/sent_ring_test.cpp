#include "media/sent_ring.h"

#include <gtest/gtest.h>

namespace bridgehall::media {
namespace {

constexpr TimePoint kNow{10s};
constexpr Arrival kNext = 20;

TEST(SentRing, FindsWhatWasSentByItsSequenceNumber) {
  SentRing ring({8, 8});
  ring.prepare();
  ring.note(100, 7);
  ring.note(101, 9);
  EXPECT_EQ(ring.take_for_repeat(100, kNext, kNow), Arrival{7});
  EXPECT_EQ(ring.take_for_repeat(101, kNext, kNow), Arrival{9});
  EXPECT_EQ(ring.take_for_repeat(102, kNext, kNow), std::nullopt);
}

TEST(SentRing, KnowsNothingWhenNothingWasSent) {
  SentRing ring({8, 8});
  ring.prepare();
  for (std::uint32_t sequence = 0; sequence < 16; ++sequence)
    EXPECT_EQ(ring.take_for_repeat(static_cast<std::uint16_t>(sequence), kNext, kNow), std::nullopt);
}

TEST(SentRing, ForgetsWhatAnotherPacketHasTakenThePlaceOf) {
  SentRing ring({8, 8});
  ring.prepare();
  ring.note(100, 7);
  ring.note(108, 8);
  EXPECT_EQ(ring.take_for_repeat(100, kNext, kNow), std::nullopt);
  EXPECT_EQ(ring.take_for_repeat(108, kNext, kNow), Arrival{8});
}

TEST(SentRing, FindsAcrossTheWrapOfSequenceNumbers) {
  SentRing ring({8, 8});
  ring.prepare();
  ring.note(65'535, 1);
  ring.note(65'536, 2);
  EXPECT_EQ(ring.take_for_repeat(65'535, kNext, kNow), Arrival{1});
  EXPECT_EQ(ring.take_for_repeat(0, kNext, kNow), Arrival{2});
}

TEST(SentRing, KnowsArrivalsBeyondThirtyTwoBits) {
  SentRing ring({8, 8});
  ring.prepare();
  constexpr Arrival kFar = Arrival{5} << 32;
  ring.note(1, kFar - 3);
  ring.note(2, kFar + 1);
  EXPECT_EQ(ring.take_for_repeat(1, kFar + 2, kNow), kFar - 3);
  EXPECT_EQ(ring.take_for_repeat(2, kFar + 2, kNow), kFar + 1);
}

TEST(SentRing, RepeatsAPacketNotTwiceWithinTheInterval) {
  SentRing ring({8, 8});
  ring.prepare();
  ring.note(5, 1);
  EXPECT_TRUE(ring.take_for_repeat(5, kNext, kNow));
  EXPECT_FALSE(ring.take_for_repeat(5, kNext, kNow + SentRing::kRepeatInterval - 1ns));
  EXPECT_TRUE(ring.take_for_repeat(5, kNext, kNow + SentRing::kRepeatInterval));
}

TEST(SentRing, ANewPacketInThePlaceMayBeRepeatedAtOnce) {
  SentRing ring({8, 8});
  ring.prepare();
  ring.note(5, 1);
  EXPECT_TRUE(ring.take_for_repeat(5, kNext, kNow));
  ring.note(13, 2);
  EXPECT_TRUE(ring.take_for_repeat(13, kNext, kNow));
}

TEST(SentRing, GrowsWithTheRateAndKeepsWhatItHas) {
  SentRing ring({8, 32});
  ring.prepare();
  for (std::int64_t sequence = 65'530; sequence < 65'540; ++sequence) ring.note(sequence, 1);
  ring.fit(10);
  for (std::int64_t sequence = 65'532; sequence < 65'540; ++sequence)  // what eight had room for
    EXPECT_EQ(ring.take_for_repeat(static_cast<std::uint16_t>(sequence), kNext, kNow), Arrival{1}) << sequence;
  ring.note(65'540, 2);
  ring.note(65'547, 2);
  EXPECT_EQ(ring.take_for_repeat(static_cast<std::uint16_t>(65'539), kNext, kNow + 1s), Arrival{1});
  ring.fit(1'000);
  for (std::int64_t sequence = 65'548; sequence < 65'600; ++sequence) ring.note(sequence, 3);
  EXPECT_EQ(ring.take_for_repeat(static_cast<std::uint16_t>(65'567), kNext, kNow), std::nullopt);  // 32 at most
  EXPECT_EQ(ring.take_for_repeat(static_cast<std::uint16_t>(65'568), kNext, kNow), Arrival{3});
}

}  // namespace
}  // namespace bridgehall::media

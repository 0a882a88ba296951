#include "base/sequence.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall {
namespace {

TEST(Sequence, NewerIsLessThanHalfTheCircleAhead) {
  EXPECT_TRUE(sequence_newer(1, 0));
  EXPECT_FALSE(sequence_newer(0, 1));
  EXPECT_FALSE(sequence_newer(7, 7));
  EXPECT_TRUE(sequence_newer(0, 65535));
  EXPECT_FALSE(sequence_newer(65535, 0));
  EXPECT_TRUE(sequence_newer(32767, 0));
  EXPECT_FALSE(sequence_newer(32768, 0));  // exactly opposite: neither way
  EXPECT_FALSE(sequence_newer(0, 32768));
}

TEST(Sequence, ExtendsAcrossTheWrap) {
  EXPECT_EQ(extend_sequence(65535, 0), 65536);
  EXPECT_EQ(extend_sequence(65536, 65535), 65535);
  EXPECT_EQ(extend_sequence(0, 65535), -1);
  EXPECT_EQ(extend_sequence(-1, 0), 0);
  EXPECT_EQ(extend_sequence(1'000'000, 16960), 1'000'000);
}

TEST(SequenceProperty, TheExtendedNumberIsTheNearest) {
  EXPECT_TRUE(rc::check([](std::int32_t reference, std::uint16_t sequence) {
    const auto extended = extend_sequence(reference, sequence);
    RC_ASSERT(static_cast<std::uint16_t>(extended) == sequence);
    RC_ASSERT(extended - reference >= -32768);
    RC_ASSERT(extended - reference <= 32767);
  }));
}

}  // namespace
}  // namespace bridgehall

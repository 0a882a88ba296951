#include "wire/bits.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/testing.h"

namespace bridgehall::wire {
namespace {

using testing::from_hex;

TEST(BitReader, ReadsAcrossBytes) {
  const auto bytes = from_hex("a5 0f 3c 80 01 ff");
  BitReader in(bytes);
  EXPECT_EQ(in.bits(3), 0b101u);
  EXPECT_EQ(in.bits(0), 0u);
  EXPECT_EQ(in.bits(6), 0b001010u);
  EXPECT_EQ(in.bits(32), 0b0001111'00111100'10000000'00000001'1u);
  EXPECT_EQ(in.bits(7), 0x7fu);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.bits(1), 0u);
  EXPECT_FALSE(in.ok());
}

// The AV1 specification's table for five values.
TEST(BitReader, ReadsNonSymmetricNumbers) {
  const auto bytes = from_hex("1b70");  // 00 01 10 110 111
  BitReader in(bytes);
  for (std::uint32_t value = 0; value < 5; ++value) EXPECT_EQ(in.non_symmetric(5), value);
  EXPECT_EQ(in.non_symmetric(1), 0u);
  EXPECT_TRUE(in.ok());
}

TEST(BitWriter, FailsWhenFull) {
  std::array<std::uint8_t, 1> bytes;
  BitWriter out(bytes);
  out.bits(5, 8);
  EXPECT_TRUE(out.ok());
  out.flag(true);
  EXPECT_FALSE(out.ok());
  EXPECT_EQ(bytes[0], 5);
}

TEST(BitsProperty, WhatIsWrittenIsReadAgain) {
  EXPECT_TRUE(rc::check([](const std::vector<std::pair<std::uint32_t, std::uint8_t>>& fields) {
    std::vector<std::uint8_t> bytes(fields.size() * 8 + 1, 0xff);
    BitWriter out(bytes);
    for (const auto& [value, kind] : fields) {
      const unsigned width = kind % 33;
      out.bits(width == 0 ? 0 : value >> (32 - width), width);
      out.non_symmetric(value % (kind + 1u), kind + 1u);
    }
    RC_ASSERT(out.ok());
    BitReader in(BytesView{bytes}.first(out.size()));
    for (const auto& [value, kind] : fields) {
      const unsigned width = kind % 33;
      RC_ASSERT(in.bits(width) == (width == 0 ? 0 : value >> (32 - width)));
      RC_ASSERT(in.non_symmetric(kind + 1u) == value % (kind + 1u));
    }
    RC_ASSERT(in.ok());
  }));
}

}  // namespace
}  // namespace bridgehall::wire

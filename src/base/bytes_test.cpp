#include "base/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/testing.h"

namespace bridgehall {
namespace {

using testing::from_hex;
using testing::to_vector;
using Bytes = std::vector<std::uint8_t>;

TEST(ByteReader, ReadsNetworkOrder) {
  const auto bytes = from_hex("01 0203 040506 0708090a 0b0c0d0e0f10 1112131415161718 ab cd ef");
  ByteReader in(bytes);
  EXPECT_EQ(in.u8(), 0x01);
  EXPECT_EQ(in.u16(), 0x0203);
  EXPECT_EQ(in.u24(), 0x040506u);
  EXPECT_EQ(in.u32(), 0x0708090au);
  EXPECT_EQ(in.u48(), 0x0b0c0d0e0f10u);
  EXPECT_EQ(in.u64(), 0x1112131415161718u);
  EXPECT_EQ(in.position(), 24u);
  in.skip(1);
  EXPECT_EQ(to_vector(in.bytes(1)), from_hex("cd"));
  EXPECT_EQ(to_vector(in.rest()), from_hex("ef"));
  EXPECT_TRUE(in.at_end());
  EXPECT_TRUE(in.ok());
}

TEST(ByteReader, FailsForGoodAtTheFirstReadBeyondTheEnd) {
  const auto bytes = from_hex("010203");
  ByteReader in(bytes);
  EXPECT_EQ(in.u16(), 0x0102);
  EXPECT_EQ(in.u16(), 0);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);  // there is one byte, but a field before it was missing
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_TRUE(in.bytes(0).empty());
  EXPECT_TRUE(in.rest().empty());
  EXPECT_FALSE(in.ok());
}

TEST(ByteReader, SizesNearTheLargestNumberDoNotWrapAround) {
  const auto bytes = from_hex("010203");
  ByteReader in(bytes);
  in.u8();
  in.skip(SIZE_MAX);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.position(), 1u);
}

TEST(ByteReader, ReadsNothingFromNothing) {
  ByteReader in(BytesView{});
  EXPECT_TRUE(in.at_end());
  EXPECT_TRUE(in.rest().empty());
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_FALSE(in.ok());
}

TEST(ByteWriter, WritesNetworkOrder) {
  Bytes out(28);
  ByteWriter writer(out);
  writer.u8(0x01);
  writer.u16(0x0203);
  writer.u24(0x040506);
  writer.u32(0x0708090a);
  writer.u48(0x0b0c0d0e0f10);
  writer.u64(0x1112131415161718);
  writer.bytes(from_hex("abcd"));
  writer.bytes({});
  writer.zeros(2);
  EXPECT_TRUE(writer.ok());
  EXPECT_EQ(writer.remaining(), 0u);
  EXPECT_EQ(to_vector(writer.written()), from_hex("01 0203 040506 0708090a 0b0c0d0e0f10 1112131415161718 abcd 0000"));
}

TEST(ByteWriter, FailsForGoodWhenTheRoomIsGone) {
  Bytes out(3, 0xee);
  ByteWriter writer(out);
  writer.u16(0x0102);
  writer.u16(0x0304);
  EXPECT_FALSE(writer.ok());
  writer.u8(0x05);
  writer.patch_u16(0, 0xffff);
  EXPECT_EQ(writer.size(), 2u);
  EXPECT_EQ(writer.remaining(), 0u);
  EXPECT_EQ(out, from_hex("0102ee"));
}

TEST(ByteWriter, PatchesOnlyWhatWasWritten) {
  Bytes out(4, 0xee);
  ByteWriter writer(out);
  writer.u16(0);
  writer.patch_u16(1, 0xffff);
  EXPECT_EQ(to_vector(writer.written()), from_hex("0000"));
  writer.patch_u16(0, 0x1234);
  EXPECT_EQ(to_vector(writer.written()), from_hex("1234"));
  EXPECT_EQ(out[2], 0xee);
}

// The model of a field: its size in bytes and its value.
TEST(BytesProperty, FieldsReadBackUntilTheRoomEnds) {
  EXPECT_TRUE(rc::check([](std::vector<std::pair<std::uint8_t, std::uint64_t>> fields) {
    const auto room = *rc::gen::inRange<std::size_t>(0, 64);
    constexpr std::array<std::size_t, 6> kSizes{1, 2, 3, 4, 6, 8};
    Bytes out(room);
    ByteWriter writer(out);
    ByteReader in(out);
    std::size_t used = 0;
    bool fits = true;
    for (const auto& [choice, value] : fields) {
      const auto size = kSizes[choice % 6];
      switch (size) {
        case 1:
          writer.u8(static_cast<std::uint8_t>(value));
          break;
        case 2:
          writer.u16(static_cast<std::uint16_t>(value));
          break;
        case 3:
          writer.u24(static_cast<std::uint32_t>(value));
          break;
        case 4:
          writer.u32(static_cast<std::uint32_t>(value));
          break;
        case 6:
          writer.u48(value);
          break;
        default:
          writer.u64(value);
          break;
      }
      fits = fits && used + size <= room;
      if (fits) used += size;
      RC_ASSERT(writer.ok() == fits);
      const std::uint64_t read = size == 1   ? in.u8()
                                 : size == 2 ? in.u16()
                                 : size == 3 ? in.u24()
                                 : size == 4 ? in.u32()
                                 : size == 6 ? in.u48()
                                             : in.u64();
      RC_ASSERT(in.ok() == fits);
      RC_ASSERT(read == (!fits ? 0 : size == 8 ? value : value & ((std::uint64_t{1} << (8 * size)) - 1)));
      RC_ASSERT(in.position() == used);
      RC_ASSERT(writer.size() == used);
    }
  }));
}

}  // namespace
}  // namespace bridgehall

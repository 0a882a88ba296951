#include "load/synthetic_vp8.h"

#include <array>

#include <gtest/gtest.h>

#include "wire/payload.h"

namespace bridgehall::load {
namespace {

TEST(SyntheticVp8, EveryPacketIsReadAsVp8WithOneFrameStartPerFrame) {
  SyntheticVp8 encoder(1500, 3);
  std::uint16_t last_picture_id = 0;
  for (int i = 0; i < 200; ++i) {
    const auto frame = encoder.next_frame(i % 50 == 0);
    if (i > 0) {
      EXPECT_EQ(frame.picture_id, (last_picture_id + 1) & 0x7fff);
    }
    last_picture_id = frame.picture_id;
    std::size_t total = 0;
    std::size_t least = SIZE_MAX, most = 0;
    for (std::size_t p = 0; p < frame.packets; ++p) {
      std::array<std::uint8_t, SyntheticVp8::kMaxPayload> buffer;
      const auto size = SyntheticVp8::write_payload(frame, p, buffer);
      const auto info = wire::parse_payload(wire::Codec::vp8, BytesView{buffer}.first(size));
      ASSERT_TRUE(info);
      EXPECT_EQ(info->frame_start, p == 0);
      EXPECT_EQ(info->keyframe, p == 0 && frame.keyframe);
      EXPECT_EQ(info->descriptor_size, SyntheticVp8::kDescriptorSize);
      EXPECT_EQ(info->picture_id, frame.picture_id);
      EXPECT_EQ(info->picture_id_bits, 15);
      EXPECT_EQ(info->tl0_picture_index, frame.tl0_picture_index);
      total += size;
      least = std::min(least, size);
      most = std::max(most, size);
    }
    EXPECT_EQ(total, frame.bytes);
    EXPECT_LE(most - least, 1u);
    EXPECT_LE(most, SyntheticVp8::kMaxPayload);
  }
}

TEST(SyntheticVp8, AKeyframeIsLargeAndTheRateIsKeptOverTime) {
  SyntheticVp8 encoder(1500, 3);
  std::size_t bytes = 0;
  std::size_t key = 0;
  for (int i = 0; i < 300; ++i) {
    const auto frame = encoder.next_frame(i == 0);
    if (i == 0) key = frame.bytes;
    bytes += frame.bytes;
  }
  const double mean = 1500 * 125.0 / SyntheticVp8::kFramesPerSecond;
  EXPECT_GT(static_cast<double>(key), 4.5 * mean);
  EXPECT_NEAR(static_cast<double>(bytes), 300 * mean, 300 * mean * 0.05);
}

TEST(Stamp, IsReadBackFromThePayloadsEnd) {
  std::array<std::uint8_t, 20> payload{};
  const TimePoint sent{123'456'789'012ns};
  write_stamp(payload, sent);
  EXPECT_EQ(read_stamp(payload), sent);
}

TEST(SyntheticVp8, KeepsItsRateAgainSoonHoweverManyKeyframesWereAskedFor) {
  SyntheticVp8 encoder(1500, 1);
  for (int i = 0; i < 200; ++i) encoder.next_frame(true);
  for (int i = 0; i < 4 * SyntheticVp8::kFramesPerSecond; ++i) encoder.next_frame(false);
  std::size_t bytes = 0;
  for (int i = 0; i < SyntheticVp8::kFramesPerSecond; ++i) bytes += encoder.next_frame(false).bytes;
  EXPECT_NEAR(static_cast<double>(bytes), 187'500, 20'000);
}

}  // namespace
}  // namespace bridgehall::load

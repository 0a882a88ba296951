#include "load/layer_replay.h"

#include <gtest/gtest.h>

#include "load/media_stamp.h"
#include "load/recording_testing.h"
#include "wire/payload.h"

namespace bridgehall::load {
namespace {

TEST(LayerReplay, LoopsWithPictureIdsThatGoOnAndBaseLayersThatAreCounted) {
  const auto recording = testing::small_recording();
  LayerReplay replay(recording.layers()[0], 0, 0x7ff0);
  int keyframes = 0, base = 0;
  for (int i = 0; i < 180; ++i) {
    const auto frame = replay.next(false);
    EXPECT_EQ(frame.descriptor.picture_id, (0x7ff0 + i) & 0x7fff);
    keyframes += frame.recorded->keyframe;
    base += frame.recorded->temporal_layer == 0;
    EXPECT_EQ(frame.descriptor.tl0_picture_index, static_cast<std::uint8_t>(base));
    EXPECT_EQ(frame.recorded->keyframe, i % 30 == 0);
  }
  EXPECT_EQ(keyframes, 6);
}

TEST(LayerReplay, AKeyframeThatIsAskedForIsTheNextFrame) {
  const auto recording = testing::small_recording();
  LayerReplay replay(recording.layers()[2], 1, 5);
  EXPECT_TRUE(replay.next(false).recorded->keyframe);
  for (int i = 0; i < 40; ++i) EXPECT_TRUE((replay.next(true).recorded->keyframe));
  EXPECT_FALSE(replay.next(false).recorded->keyframe);
  EXPECT_TRUE(replay.next(true).recorded->keyframe);
}

TEST(Vp8Packets, APayloadReaderFindsInThemWhatWasWrittenAndTheFrameIsWhole) {
  std::vector<std::uint8_t> frame(5000);
  for (std::size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<std::uint8_t>(i * 7);
  frame[0] = 0x10;  // a keyframe's tag
  const Vp8Descriptor descriptor{.picture_id = 0x7abc,
                                 .tl0_picture_index = 200,
                                 .key_index = 3,
                                 .temporal_layer = 2,
                                 .layer_sync = true,
                                 .discardable = true};
  std::vector<std::uint8_t> joined;
  for (const auto& payload : make_vp8_payloads(frame, descriptor)) {
    const auto info = wire::parse_payload(wire::Codec::vp8, payload);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->frame_start, joined.empty());
    EXPECT_EQ(info->picture_id, 0x7abc);
    EXPECT_EQ(info->picture_id_bits, 15);
    EXPECT_EQ(info->tl0_picture_index, 200);
    EXPECT_EQ(info->temporal_layer, 2);
    EXPECT_TRUE(info->layer_sync && info->discardable);
    EXPECT_LE(payload.size(), kMaxVp8Payload);
    joined.insert(joined.end(), payload.begin() + info->descriptor_size, payload.end());
  }
  EXPECT_EQ(joined, frame);
}

TEST(MediaStamp, IsFoundAgainBehindAPictureAndInOpusPadding) {
  const MediaStamp stamp{TimePoint{123'456'789ns}, 400, 2};
  std::vector<std::uint8_t> frame(30, 7);
  EXPECT_FALSE(find_stamp(frame));
  append_stamp(frame, stamp);
  const auto opus = stamp_opus(std::vector<std::uint8_t>{0x78, 1, 2, 3}, stamp);
  for (const auto& bytes : {frame, opus}) {
    const auto found = find_stamp(bytes);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->sent, stamp.sent);
    EXPECT_EQ(found->sender, 400);
    EXPECT_EQ(found->layer, 2);
  }
  // RFC 6716 section 3.2.5: code 3, one frame with padding, so many bytes of it, the frame.
  EXPECT_EQ((std::vector<std::uint8_t>(opus.begin(), opus.begin() + 6)),
            (std::vector<std::uint8_t>{0x7b, 0x41, 16, 1, 2, 3}));
  const std::vector<std::uint8_t> two_frames{0x79, 1, 2};
  EXPECT_EQ(stamp_opus(two_frames, stamp), two_frames);
}

}  // namespace
}  // namespace bridgehall::load

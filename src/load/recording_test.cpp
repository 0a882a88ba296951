#include "load/recording.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/testing.h"
#include "load/recording_testing.h"
#include "wire/payload.h"

namespace bridgehall::load {
namespace {

TEST(Recording, TheOneThatIsShippedHasThreeLayersThatLoopAndAVoiceThatPauses) {
  const auto recording = Recording::load("src/load/recording/participant.bhr");
  ASSERT_TRUE(recording) << recording.error().message;
  ASSERT_EQ(recording->layers().size(), 3u);
  constexpr int kKbps[] = {120, 400, 1200};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& layer = recording->layers()[i];
    EXPECT_EQ(layer.width, 320 << i);
    EXPECT_EQ(layer.height, 180 << i);
    EXPECT_NEAR(layer.kbps(), kKbps[i], kKbps[i] * 0.1);
    EXPECT_EQ(std::count_if(layer.frames.begin(), layer.frames.end(), [](const auto& f) { return f.keyframe; }), 4);
    for (const auto& frame : layer.frames) {
      // RFC 6386 section 9.1: the lowest bit of the frame tag says whether it is a keyframe.
      EXPECT_EQ(frame.keyframe, (frame.bytes[0] & 1) == 0);
      EXPECT_EQ(frame.discardable, frame.temporal_layer == 2);
    }
  }
  const auto& speech = recording->speech();
  const auto voiced =
      std::count_if(speech.frames.begin(), speech.frames.end(), [](const auto& f) { return f.audio_level & 0x80; });
  EXPECT_GT(voiced, static_cast<std::ptrdiff_t>(speech.frames.size() / 2));
  EXPECT_LT(voiced, static_cast<std::ptrdiff_t>(speech.frames.size() * 9 / 10));
  for (const auto& frame : recording->quiet_room().frames) EXPECT_GT(frame.audio_level & 0x7f, 55);
}

TEST(Recording, FramesAreReadWithTheirMarks) {
  const auto recording = testing::small_recording();
  const auto& frames = recording.layers()[1].frames;
  EXPECT_TRUE(frames[0].keyframe);
  EXPECT_EQ(frames[0].bytes.size(), 3000u);
  EXPECT_TRUE(frames[1].layer_sync && frames[1].discardable && frames[1].temporal_layer == 2);
  EXPECT_TRUE(frames[2].layer_sync && !frames[2].discardable && frames[2].temporal_layer == 1);
  EXPECT_EQ(recording.speech().frames[0].audio_level, 0x80 | 25);
  EXPECT_EQ(recording.speech().frame_duration(), 20ms);
}

TEST(Recording, DamageIsRefusedOrHarmless) {
  testing::RecordingWriter writer;
  writer.add(1, 0, {{testing::kKey, 5}, {2, 3}});
  writer.add(0, 0, {{30, 2}});
  writer.add(0, 1, {{70, 2}});
  ASSERT_TRUE(Recording::parse(writer.bytes()));
  bridgehall::testing::for_each_damage(writer.bytes(), [&](BytesView bytes) {
    const auto recording = Recording::parse({bytes.begin(), bytes.end()});
    if (bytes.size() < writer.bytes().size()) {
      EXPECT_FALSE(recording);
    }
    if (!recording) return;
    EXPECT_TRUE(recording->layers().front().frames.front().keyframe);
  });
}

TEST(Recording, APictureWithoutKeyframeAtItsBeginningIsRefused) {
  testing::RecordingWriter writer;
  writer.add(1, 0, {{1, 5}, {testing::kKey, 3}});
  writer.add(0, 0, {{30, 2}});
  writer.add(0, 1, {{70, 2}});
  EXPECT_FALSE(Recording::parse(writer.bytes()));
}

}  // namespace
}  // namespace bridgehall::load

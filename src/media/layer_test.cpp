#include "media/layer.h"

#include <gtest/gtest.h>

#include "media/room.h"

namespace bridgehall::media {
namespace {

TEST(Layer, CollectsForLongerTheMoreReceiveItWithinBounds) {
  PacketStore store(1);
  Layer layer(wire::Codec::vp8, kNoPublication, store);
  const auto window_with = [&](std::size_t receivers) {
    layer.receivers.resize(receivers);
    return layer.collection_window();
  };
  EXPECT_EQ(window_with(0), Layer::kCollectionWindow);
  EXPECT_EQ(window_with(200), Layer::kCollectionWindow);
  EXPECT_EQ(window_with(1'700), 3'400us);
  EXPECT_EQ(window_with(10'000), Layer::kLongestCollectionWindow);
}

TEST(Layer, SendsACompleteBurstAtOnceToFewAndSoonToMany) {
  PacketStore store(1);
  Layer layer(wire::Codec::vp8, kNoPublication, store);
  layer.collecting_since = TimePoint{1s};
  layer.burst_complete = true;
  const auto wait_with = [&](std::size_t receivers) {
    layer.receivers.resize(receivers);
    return layer.due() - layer.collecting_since;
  };
  EXPECT_EQ(wait_with(Layer::kFewReceivers), Duration{});
  EXPECT_EQ(wait_with(Layer::kFewReceivers + 10), 10 * Layer::kCompletePerReceiver);
  EXPECT_EQ(wait_with(10'000), Layer::kCompleteWindow);
  EXPECT_EQ(layer.undisturbed_until(), layer.due());
  layer.burst_complete = false;
  EXPECT_GT(layer.due(), layer.undisturbed_until());
}

TEST(Layer, SoundForManyWaitsForOtherVoicesWithinTheirTime) {
  PacketStore store(1);
  Layer layer(wire::Codec::opus, kNoPublication, store);
  layer.in_company = true;
  const auto window_with = [&](std::size_t receivers) {
    layer.receivers.resize(receivers);
    return layer.collection_window();
  };
  EXPECT_EQ(window_with(Layer::kFewReceivers), Layer::kCollectionWindow);
  EXPECT_EQ(window_with(82), 4ms);
  EXPECT_EQ(window_with(200), 6'600us);
  EXPECT_EQ(window_with(1'000), 5ms);
  EXPECT_EQ(window_with(10'000), Layer::kCollectionWindow);
}

TEST(Chorus, IsThereWhileSeveralVoicesSound) {
  Chorus chorus;
  const LayerIndex one{1}, other{2};
  TimePoint now{1s};
  EXPECT_FALSE(chorus.several(one, now));
  EXPECT_FALSE(chorus.several(one, now += 20ms));
  EXPECT_TRUE(chorus.several(other, now += 5ms));
  EXPECT_TRUE(chorus.several(one, now += 15ms));
  for (int packet = 0; packet < 9; ++packet) EXPECT_TRUE(chorus.several(one, now += 20ms));
  EXPECT_FALSE(chorus.several(one, now += 20ms));
  EXPECT_FALSE(chorus.several(other, now += 1s)) << "they take turns";
}

}  // namespace
}  // namespace bridgehall::media

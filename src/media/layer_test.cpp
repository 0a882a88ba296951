#include "media/layer.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace bridgehall::media

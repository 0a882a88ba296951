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
  EXPECT_EQ(window_with(700), 3'500us);
  EXPECT_EQ(window_with(10'000), Layer::kLongestCollectionWindow);
}

}  // namespace
}  // namespace bridgehall::media

#include "media/keyframe_requests.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::media {
namespace {

constexpr TimePoint kStart{10s};
constexpr auto kWindow = KeyframeRequests::kWindow;

TEST(KeyframeRequests, TheFirstWishIsFollowedAtOnce) {
  KeyframeRequests requests;
  EXPECT_EQ(requests.deadline(), kNever);
  EXPECT_FALSE(requests.take(kStart));
  requests.want();
  EXPECT_LE(requests.deadline(), kStart);
  EXPECT_TRUE(requests.take(kStart));
}

TEST(KeyframeRequests, AWishInsideTheWindowIsDeferredToItsEnd) {
  KeyframeRequests requests;
  requests.want();
  ASSERT_TRUE(requests.take(kStart));
  requests.on_keyframe();
  requests.want();
  EXPECT_FALSE(requests.take(kStart + 100ms));
  EXPECT_EQ(requests.deadline(), kStart + kWindow);
  EXPECT_TRUE(requests.take(kStart + kWindow));
}

TEST(KeyframeRequests, ARequestThatBringsNothingIsRepeated) {
  KeyframeRequests requests;
  requests.want();
  EXPECT_TRUE(requests.take(kStart));
  EXPECT_TRUE(requests.take(kStart + kWindow));
  requests.on_keyframe();
  EXPECT_EQ(requests.deadline(), kNever);
  EXPECT_FALSE(requests.take(kStart + 3 * kWindow));
}

TEST(KeyframeRequests, WhoGoesAwayAndComesBackDoesNotShortenTheWindow) {
  KeyframeRequests requests;
  requests.want();
  ASSERT_TRUE(requests.take(kStart));
  requests.cancel();
  EXPECT_EQ(requests.deadline(), kNever);
  requests.want();
  EXPECT_FALSE(requests.take(kStart + 10ms));
  EXPECT_TRUE(requests.take(kStart + kWindow));
}

TEST(KeyframeRequests, AnotherSenderIsAskedAtOnce) {
  KeyframeRequests requests;
  requests.want();
  ASSERT_TRUE(requests.take(kStart));
  requests.reset();
  EXPECT_EQ(requests.deadline(), kNever);
  requests.want();
  EXPECT_TRUE(requests.take(kStart + 1ms));
}

TEST(KeyframeRequests, AreAWindowApartAndNoneIsLostWhateverHappens) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& steps) {
    KeyframeRequests requests;
    auto now = kStart;
    auto last = now - kWindow;
    bool wanted = false;
    for (const auto step : steps) {
      now += std::chrono::milliseconds(step);
      if (step % 3 == 0) requests.want(), wanted = true;
      if (step % 7 == 0) requests.on_keyframe(), wanted = false;
      const bool due = requests.deadline() <= now;
      RC_ASSERT(requests.take(now) == due);
      RC_ASSERT(due == (wanted && now - last >= kWindow));
      if (due) last = now;
    }
  }));
}

}  // namespace
}  // namespace bridgehall::media

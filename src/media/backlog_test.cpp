// A peer over TCP that does not take what it is sent: pictures wait for it, sound goes on, and nobody else notices.
#include <algorithm>

#include <gtest/gtest.h>

#include "media/conference_testing.h"

namespace bridgehall::media {
namespace {

using testing::Conference;
using testing::ReceivedPacket;
using testing::TestClient;
using testing::TestSource;

constexpr PublicationId kCamera{1}, kMicrophone{2};

class BacklogTest : public ::testing::Test {
 protected:
  BacklogTest() {
    conference_.publish(kCamera, wire::Codec::vp8);
    conference_.publish(kMicrophone, wire::Codec::opus);
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{1};
    description->incoming = {{kCamera, testing::video_track()}, {kMicrophone, testing::audio_track()}};
    description->incoming[0].track.remote_ssrc = Ssrc{0x1001};
    description->incoming[1].track.remote_ssrc = Ssrc{0x1002};
    auto& sender = conference_.join(std::move(description));
    camera_.emplace(TestSource{conference_, sender, Ssrc{0x1001}, testing::kVideoType, 1, 0});
    microphone_.emplace(TestSource{conference_, sender, Ssrc{0x1002}, testing::kAudioType, 1, 0});
  }
  TestClient& add_viewer(std::uint32_t number) {
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{number};
    description->outgoing = {{.track = testing::video_track(),
                              .ssrc = camera_ssrc(number),
                              .rtx_ssrc = Ssrc{camera_ssrc(number).value() + 1},
                              .publication = kCamera},
                             {.track = testing::audio_track(), .ssrc = voice_ssrc(number), .publication = kMicrophone}};
    return conference_.join(std::move(description));
  }
  static Ssrc camera_ssrc(std::uint32_t viewer) { return Ssrc{0x5000 + viewer * 10}; }
  static Ssrc voice_ssrc(std::uint32_t viewer) { return Ssrc{0x5005 + viewer * 10}; }

  // 40 ms a frame, two packets of sound beside it; a request for a keyframe is answered a frame later.
  void run(Duration duration) {
    for (const auto end = conference_.room.now + duration; conference_.room.now < end;) {
      const auto asked = conference_.requests(camera_->client, camera_->ssrc);
      camera_->send_frame(std::exchange(answered_, asked) != asked);
      for (int i = 0; i < 2; ++i) {
        microphone_->send_audio(-30);
        for (int k = 0; k < 4; ++k) conference_.room.pass(5ms);
      }
    }
  }
  std::size_t pictures(const TestClient& viewer) {
    return conference_.received(viewer, camera_ssrc(viewer.peer.value())).size();
  }
  std::size_t sounds(const TestClient& viewer) {
    return conference_.received(viewer, voice_ssrc(viewer.peer.value())).size();
  }
  void set_backlog(const TestClient& viewer, bool full) {
    conference_.room.shard.set_backlog(viewer.path.from(), full, conference_.room.now);
  }
  std::optional<SlotFlow> flow(const TestClient& viewer) {
    std::optional<SlotFlow> last;
    for (const auto& change : conference_.events<SlotChanged>())
      if (change.peer == viewer.peer) last = change.flow;
    return last;
  }

  Conference conference_;
  std::optional<TestSource> camera_, microphone_;
  std::size_t answered_ = 0;
};

TEST_F(BacklogTest, PicturesStopAtOnceAndSoundGoesOnWhileOthersSeeAndHearAll) {
  auto& slow = add_viewer(2);
  auto& other = add_viewer(3);
  run(1s);
  ASSERT_EQ(flow(slow), SlotFlow::showing);
  set_backlog(slow, true);
  const auto seen = pictures(slow), heard = sounds(slow);
  const auto seen_by_other = pictures(other), heard_by_other = sounds(other);
  run(4s);
  EXPECT_EQ(pictures(slow), seen);
  EXPECT_EQ(sounds(slow), heard + 200);
  EXPECT_EQ(pictures(other), seen_by_other + 100);
  EXPECT_EQ(sounds(other), heard_by_other + 200);
  EXPECT_EQ(flow(slow), SlotFlow::off_by_line);
  EXPECT_EQ(flow(other), SlotFlow::showing);
}

TEST_F(BacklogTest, OnceItHasDrainedPicturesBeginWithAKeyframeInTheSameStream) {
  auto& slow = add_viewer(2);
  run(1s);
  set_backlog(slow, true);
  run(2s);
  const auto seen = pictures(slow);
  set_backlog(slow, false);
  run(1s);
  const auto& packets = conference_.received(slow, camera_ssrc(2));
  ASSERT_GT(packets.size(), seen + 5);
  EXPECT_TRUE(packets[seen].keyframe);
  for (std::size_t i = 1; i < packets.size(); ++i) {
    EXPECT_EQ(static_cast<std::uint16_t>(packets[i].sequence - packets[i - 1].sequence), 1u);
    EXPECT_GT(static_cast<std::int32_t>(packets[i].timestamp - packets[i - 1].timestamp), 0);
  }
  EXPECT_EQ(flow(slow), SlotFlow::showing);
}

TEST_F(BacklogTest, AConnectionThatIsNotThePeersOwnOrIsGoneHoldsNothingUp) {
  auto& viewer = add_viewer(2);
  run(1s);
  auto elsewhere = viewer.path.from();
  elsewhere.protocol = Protocol::tcp;
  conference_.room.shard.set_backlog(elsewhere, true, conference_.room.now);
  auto seen = pictures(viewer);
  run(400ms);
  EXPECT_EQ(pictures(viewer), seen + 10);

  set_backlog(viewer, true);
  conference_.room.shard.lose_path(viewer.path.from(), conference_.room.now);
  seen = pictures(viewer);
  run(1s);
  EXPECT_GT(pictures(viewer), seen) << "its queue went with the connection";
  EXPECT_TRUE(conference_.room.shard.knows(viewer.path.from())) << "it may come back while its consent lasts";
  EXPECT_FALSE(conference_.room.shard.knows(elsewhere));
}

}  // namespace
}  // namespace bridgehall::media

// Simulcast: encodings found by MID and RID, the layer that a slot asks for, clean changes, layers that stop.
#include <gtest/gtest.h>

#include "media/conference_testing.h"
#include "media/flow.h"

namespace bridgehall::media {
namespace {

using testing::Conference;
using testing::ReceivedPacket;
using testing::TestClient;
using testing::TestSource;

constexpr PublicationId kCamera{1};
constexpr Ssrc kSlotSsrc{0x5000};
constexpr Duration kFrame = 40ms;
const std::array<std::string, 3> kRids{"l", "m", "h"};

// A camera in three encodings, each of which marks its packets with 0, 1 or 2, and viewers of one slot.
class SimulcastTest : public ::testing::Test {
 protected:
  SimulcastTest() {
    conference_.publish(kCamera, wire::Codec::vp8);
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{1};
    description->incoming = {{kCamera, testing::extended(testing::video_track())}};
    description->incoming[0].track.rids = {kRids.begin(), kRids.end()};
    sender_ = &conference_.join(std::move(description));
    for (std::uint8_t i = 0; i < 3; ++i) {
      sources_.push_back({conference_, *sender_, Ssrc{0x1000u + i}, testing::kVideoType, i, i * 1'000'000'007u});
      sources_.back().mid = "0";
      sources_.back().rid = kRids[i];
    }
    on_.fill(true);
  }
  TestClient& add_viewer(std::uint32_t number, std::uint8_t layer = kMaxLayers - 1) {
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{number};
    description->outgoing.push_back({.track = testing::video_track(),
                                     .ssrc = kSlotSsrc,
                                     .rtx_ssrc = Ssrc{kSlotSsrc.value() + 1},
                                     .publication = kCamera,
                                     .layer = layer});
    return conference_.join(std::move(description));
  }
  void ask_for(const TestClient& viewer, std::uint8_t layer) {
    conference_.command(FillSlot{.peer = viewer.peer,
                                 .publication = kCamera,
                                 .payload_type = testing::kVideoType,
                                 .rtx_payload_type = testing::kVideoRtxType,
                                 .layer = layer});
  }
  void run(Duration duration) {
    for (const auto end = conference_.room.now + duration; conference_.room.now < end;) {
      for (std::size_t i = 0; i < sources_.size(); ++i) {
        if (!on_[i]) continue;
        const auto asked = conference_.requests(*sender_, sources_[i].ssrc);
        const bool keyframe = std::exchange(answered_[i], asked) != asked || !begun_[i];
        sources_[i].send_frame(keyframe, 200 + 300 * i, widths_[i]);
        begun_[i] = true;
      }
      for (int i = 0; i < 8; ++i) conference_.room.pass(kFrame / 8);
    }
  }
  int shown(const TestClient& viewer) {
    const auto* last = conference_.last(viewer, kSlotSsrc);
    return last == nullptr || conference_.room.now - last->at > 2 * kFrame ? -1 : last->from;
  }
  std::size_t requests(std::size_t layer) { return conference_.requests(*sender_, sources_[layer].ssrc); }
  void expect_unbroken(const TestClient& viewer) {
    const auto& packets = conference_.received(viewer, kSlotSsrc);
    for (std::size_t i = 1; i < packets.size(); ++i) {
      EXPECT_EQ(static_cast<std::uint16_t>(packets[i].sequence - packets[i - 1].sequence), 1u);
      EXPECT_GT(static_cast<std::int32_t>(packets[i].timestamp - packets[i - 1].timestamp), 0);
      if (packets[i].from != packets[i - 1].from) EXPECT_TRUE(packets[i].keyframe);
    }
  }

  Conference conference_;
  TestClient* sender_ = nullptr;
  std::vector<TestSource> sources_;
  std::array<bool, 3> on_{};
  std::array<bool, 3> begun_{};
  std::array<std::size_t, 3> answered_{};
  std::array<std::uint16_t, 3> widths_{320, 640, 1280};
};

TEST_F(SimulcastTest, EachSlotIsSentTheLayerThatItAsksFor) {
  auto& low = add_viewer(2, 0);
  auto& middle = add_viewer(3, 1);
  auto& high = add_viewer(4, 2);
  run(1s);
  EXPECT_EQ(shown(low), 0);
  EXPECT_EQ(shown(middle), 1);
  EXPECT_EQ(shown(high), 2);
  EXPECT_EQ(conference_.drops(Drop::rtp_unknown_ssrc), 0u);
}

TEST_F(SimulcastTest, ALayerIsChangedAtAKeyframeAndTheTimestampFollowsTheSendersClock) {
  auto& viewer = add_viewer(2, 2);
  run(1s);
  for (const std::uint8_t layer : {0, 2, 1, 0, 2}) {
    ask_for(viewer, layer);
    run(1s);
    EXPECT_EQ(shown(viewer), layer);
  }
  expect_unbroken(viewer);
  // Over all changes the line has kept the sender's pace.
  const auto& packets = conference_.received(viewer, kSlotSsrc);
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(packets.back().at - packets.front().at);
  EXPECT_NEAR(static_cast<double>(packets.back().timestamp - packets.front().timestamp),
              static_cast<double>(elapsed.count() * 90), 90 * 12);
}

TEST_F(SimulcastTest, ALayerThatStopsIsReplacedByTheOneBelowAndComesBackAfterAWhile) {
  auto& viewer = add_viewer(2, 2);
  run(1s);
  on_[2] = false;
  const auto asked = requests(2);
  run(Flow::kLayerTimeout + Flow::kInterval + 500ms);
  EXPECT_EQ(shown(viewer), 1);
  EXPECT_EQ(requests(2), asked);  // who has stopped is not asked
  on_[2] = true;
  run(Flow::kLayerReturn - 200ms);
  EXPECT_EQ(shown(viewer), 1);
  run(1s);
  EXPECT_EQ(shown(viewer), 2);
  expect_unbroken(viewer);
}

TEST_F(SimulcastTest, TheLowestAboveIsShownWhenNothingArrivesAtOrBelow) {
  on_[0] = false;
  auto& viewer = add_viewer(2, 0);
  run(1s);
  EXPECT_EQ(shown(viewer), 1);
  on_[0] = true;
  run(2s);
  EXPECT_EQ(shown(viewer), 0);
  expect_unbroken(viewer);
}

TEST_F(SimulcastTest, ASenderThatPausesKeepsItsLayers) {
  auto& viewer = add_viewer(2, 2);
  run(1s);
  on_.fill(false);
  run(1'500ms);
  on_.fill(true);
  run(100ms);
  EXPECT_EQ(shown(viewer), 2);
  expect_unbroken(viewer);
}

TEST_F(SimulcastTest, TheSizeDecidesWhichLayerIsTheLowest) {
  widths_ = {1280, 640, 320};
  auto& low = add_viewer(2, 0);
  auto& high = add_viewer(3, 2);
  run(2s);
  EXPECT_EQ(shown(low), 2);
  EXPECT_EQ(shown(high), 0);
}

TEST_F(SimulcastTest, TwoByteExtensionsNameEncodingsToo) {
  for (auto& source : sources_) source.two_byte = true;
  auto& viewer = add_viewer(2, 1);
  run(1s);
  EXPECT_EQ(shown(viewer), 1);
}

TEST_F(SimulcastTest, TheNameIsNeededOnlyUntilItIsLearnt) {
  auto& viewer = add_viewer(2, 1);
  run(200ms);
  for (auto& source : sources_) source.rid = source.mid = "";
  run(500ms);
  EXPECT_EQ(shown(viewer), 1);
}

TEST_F(SimulcastTest, PacketsThatDoNotAuthenticateBindNothing) {
  auto& viewer = add_viewer(2, 2);
  // Somebody with the client's address names every encoding first.
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<std::uint8_t> forged(200);
    wire::RtpHeaderWriter writer(
        forged, {.payload_type = testing::kVideoType, .ssrc = Ssrc{0xbad0u + static_cast<std::uint32_t>(i)}},
        wire::ExtensionForm::one_byte);
    writer.add(testing::kRidId, {reinterpret_cast<const std::uint8_t*>(kRids[i].data()), 1});
    writer.finish();
    conference_.room.deliver(sender_->path, forged);
  }
  EXPECT_EQ(conference_.drops(Drop::srtp_authentication), 3u);
  run(1s);
  EXPECT_EQ(shown(viewer), 2);
}

TEST_F(SimulcastTest, UnknownNamesAreDropped) {
  auto stranger = sources_[0];
  stranger.ssrc = Ssrc{0x7777};
  stranger.rid = "x";
  stranger.send_frame(true);
  stranger.rid = "";
  stranger.send_frame(true);
  stranger.rid = "l";
  stranger.mid = "9";
  stranger.send_frame(true);
  EXPECT_EQ(conference_.drops(Drop::rtp_unknown_ssrc), 3u);
}

TEST_F(SimulcastTest, ASenderThatComesBackWithOneEncodingIsShownToAll) {
  auto& high = add_viewer(2, 2);
  auto& low = add_viewer(3, 0);
  run(1s);
  auto description = std::make_unique<CreatePeer>();
  description->peer = PeerId{9};
  description->incoming = {{kCamera, testing::video_track()}};
  description->incoming[0].track.remote_ssrc = Ssrc{0x9000};
  auto& again = conference_.join(std::move(description));
  TestSource source{conference_, again, Ssrc{0x9000}, testing::kVideoType, 9, 5};
  for (int i = 0; i < 20; ++i) {
    source.send_frame(i == 0 || i == 10);
    conference_.room.pass(kFrame);
  }
  EXPECT_EQ(shown(high), 9);
  EXPECT_EQ(shown(low), 9);
  expect_unbroken(high);
  expect_unbroken(low);
}

}  // namespace
}  // namespace bridgehall::media

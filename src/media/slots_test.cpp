// Slots: filled, switched and emptied without negotiation; what leaves stays one unbroken stream.
#include "media/slots.h"

#include <set>

#include <gtest/gtest.h>

#include "media/conference_testing.h"

namespace bridgehall::media {
namespace {

using testing::Conference;
using testing::ReceivedPacket;
using testing::TestClient;
using testing::TestSource;

constexpr Ssrc kSlotSsrc{0x5000};
constexpr Duration kFrame = 40ms;

// Senders of one picture each, and a viewer with slots.
class SlotsTest : public ::testing::Test {
 protected:
  TestSource& add_sender(std::uint32_t number, std::uint32_t timestamp_base) {
    const PublicationId publication{number};
    conference_.publish(publication, wire::Codec::vp8);
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{number};
    description->incoming = {{publication, testing::video_track()}};
    description->incoming[0].track.remote_ssrc = Ssrc{0x1000 + number};
    auto& client = conference_.join(std::move(description));
    return *sources_.emplace_back(
        std::make_unique<TestSource>(TestSource{conference_, client, Ssrc{0x1000 + number}, testing::kVideoType,
                                                static_cast<std::uint8_t>(number), timestamp_base}));
  }
  TestClient& add_viewer(std::uint32_t number, PublicationId publication = {}, std::size_t slots = 1) {
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{number};
    for (std::uint32_t i = 0; i < slots; ++i)
      description->outgoing.push_back({.track = testing::video_track(),
                                       .ssrc = Ssrc{kSlotSsrc.value() + i},
                                       .rtx_ssrc = Ssrc{kSlotSsrc.value() + 100 + i},
                                       .publication = i == 0 ? publication : PublicationId{}});
    return conference_.join(std::move(description));
  }
  void fill(const TestClient& viewer, PublicationId publication, SlotNumber slot = 0) {
    conference_.command(FillSlot{.peer = viewer.peer,
                                 .slot = slot,
                                 .publication = publication,
                                 .payload_type = testing::kVideoType,
                                 .rtx_payload_type = testing::kVideoRtxType});
  }
  // All send; who was asked for a keyframe answers with one, a frame later.
  void run(Duration duration) {
    for (const auto end = conference_.room.now + duration; conference_.room.now < end;) {
      for (auto& source : sources_) {
        const auto asked = conference_.requests(source->client, source->ssrc);
        source->send_frame(std::exchange(answered_[source.get()], asked) != asked);
      }
      for (int i = 0; i < 8; ++i) conference_.room.pass(kFrame / 8);
    }
  }
  const std::vector<ReceivedPacket>& shown(const TestClient& viewer, Ssrc ssrc = kSlotSsrc) {
    return conference_.received(viewer, ssrc);
  }
  void expect_unbroken(const std::vector<ReceivedPacket>& packets) {
    for (std::size_t i = 1; i < packets.size(); ++i) {
      EXPECT_EQ(static_cast<std::uint16_t>(packets[i].sequence - packets[i - 1].sequence), 1u);
      EXPECT_GT(static_cast<std::int32_t>(packets[i].timestamp - packets[i - 1].timestamp), 0);
      if (packets[i].from != packets[i - 1].from) EXPECT_TRUE(packets[i].keyframe);
    }
  }
  std::vector<SlotFlow> flows(const TestClient& viewer) {
    std::vector<SlotFlow> found;
    for (const auto& change : conference_.events<SlotChanged>())
      if (change.peer == viewer.peer) found.push_back(change.flow);
    return found;
  }

  Conference conference_;
  std::vector<std::unique_ptr<TestSource>> sources_;
  std::map<TestSource*, std::size_t> answered_;
};

TEST_F(SlotsTest, AnEmptySlotIsFilledSwitchedAndEmptiedAsOneStream) {
  add_sender(1, 1'000);
  add_sender(2, 4'000'000'000);
  auto& viewer = add_viewer(3);
  run(500ms);
  EXPECT_TRUE(shown(viewer).empty());
  fill(viewer, PublicationId{1});
  run(500ms);
  ASSERT_FALSE(shown(viewer).empty());
  EXPECT_TRUE(shown(viewer).front().keyframe);
  EXPECT_EQ(shown(viewer).back().from, 1);
  fill(viewer, PublicationId{2});
  run(500ms);
  EXPECT_EQ(shown(viewer).back().from, 2);
  const auto before = shown(viewer).size();
  conference_.command(EmptySlot{viewer.peer, 0});
  run(500ms);
  EXPECT_EQ(shown(viewer).size(), before);
  fill(viewer, PublicationId{1});
  run(500ms);
  EXPECT_EQ(shown(viewer).back().from, 1);
  expect_unbroken(shown(viewer));
  EXPECT_EQ(flows(viewer), (std::vector{SlotFlow::waiting, SlotFlow::showing, SlotFlow::waiting, SlotFlow::showing,
                                        SlotFlow::waiting, SlotFlow::showing}));
}

TEST_F(SlotsTest, KeepsWhatItShowsUntilTheNextPictureComesAndTheTimestampFollowsTheClock) {
  add_sender(1, 77);
  add_sender(2, 3'000'000'000);
  auto& viewer = add_viewer(3, PublicationId{1});
  run(1s);
  fill(viewer, PublicationId{2});
  run(1s);
  const auto& packets = shown(viewer);
  const auto switched =
      std::find_if(packets.begin(), packets.end(), [](const auto& packet) { return packet.from == 2; });
  ASSERT_NE(switched, packets.end());
  ASSERT_NE(switched, packets.begin());
  const auto before = switched - 1;
  EXPECT_LE(switched->at - before->at, 2 * kFrame);  // no black in between
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(switched->at - before->at).count() * 90;
  EXPECT_NEAR(static_cast<double>(switched->timestamp - before->timestamp), static_cast<double>(elapsed), 90 * 12);
  expect_unbroken(packets);
}

TEST_F(SlotsTest, AStageChangeIsSeenWithinASecondWhateverWasAskedBefore) {
  add_sender(1, 1);
  add_sender(2, 2);
  std::vector<TestClient*> viewers;
  for (std::uint32_t i = 3; i < 10; ++i) viewers.push_back(&add_viewer(i, PublicationId{1}));
  run(1s);
  // Somebody has just asked for a keyframe of the same publication, so the next request has to wait for its window.
  auto& curious = add_viewer(20, PublicationId{2});
  run(120ms);
  const auto switched_at = conference_.room.now;
  for (auto* viewer : viewers) fill(*viewer, PublicationId{2});
  run(1s);
  for (auto* viewer : viewers) {
    const auto& packets = shown(*viewer);
    const auto first =
        std::find_if(packets.begin(), packets.end(), [](const auto& packet) { return packet.from == 2; });
    ASSERT_NE(first, packets.end());
    EXPECT_LE(first->at - switched_at, 1s);
    expect_unbroken(packets);
  }
  EXPECT_FALSE(shown(curious).empty());
  EXPECT_LE(conference_.requests(sources_[1]->client, sources_[1]->ssrc), 3u);
}

TEST_F(SlotsTest, AClosedPublicationIsSilentAtOnceAndComesBackAtAKeyframe) {
  auto& source = add_sender(1, 1);
  auto& viewer = add_viewer(3, PublicationId{1});
  run(500ms);
  source.send_frame(false);
  conference_.command(SetGate{PublicationId{1}, false});
  const auto before = shown(viewer).size();
  run(300ms);
  EXPECT_EQ(shown(viewer).size(), before);
  conference_.command(SetGate{PublicationId{1}, true});
  run(300ms);
  ASSERT_GT(shown(viewer).size(), before);
  EXPECT_TRUE(shown(viewer)[before].keyframe);
  expect_unbroken(shown(viewer));
  EXPECT_EQ(flows(viewer), (std::vector{SlotFlow::waiting, SlotFlow::showing, SlotFlow::waiting, SlotFlow::showing}));
}

TEST_F(SlotsTest, ASlotThatWaitsForAClosedPublicationKeepsItsPicture) {
  add_sender(1, 1);
  add_sender(2, 1);
  auto& viewer = add_viewer(3, PublicationId{1});
  run(300ms);
  conference_.command(SetGate{PublicationId{2}, false});
  const auto asked = conference_.requests(sources_[1]->client, sources_[1]->ssrc);
  fill(viewer, PublicationId{2});
  run(700ms);
  EXPECT_EQ(shown(viewer).back().from, 1);
  EXPECT_EQ(conference_.requests(sources_[1]->client, sources_[1]->ssrc), asked);  // it would not be forwarded
  conference_.command(SetGate{PublicationId{2}, true});
  run(300ms);
  EXPECT_EQ(shown(viewer).back().from, 2);
}

TEST_F(SlotsTest, ASlotOfARemovedPublicationIsEmptyAlsoWhileItWaits) {
  add_sender(1, 1);
  add_sender(2, 1);
  auto& viewer = add_viewer(3, PublicationId{1});
  run(300ms);
  conference_.command(SetGate{PublicationId{2}, false});
  fill(viewer, PublicationId{2});
  conference_.command(RemovePublication{PublicationId{2}});
  const auto before = shown(viewer).size();
  run(300ms);
  EXPECT_EQ(shown(viewer).size(), before);
  EXPECT_EQ(conference_.room.counters().subscriptions, 0u);
  fill(viewer, PublicationId{1});
  run(300ms);
  EXPECT_GT(shown(viewer).size(), before);
}

TEST_F(SlotsTest, TheOldPictureGoesOnWhenTheOldPublicationStaysAndEndsWhenItIsRemoved) {
  add_sender(1, 1);
  add_sender(2, 1);
  auto& viewer = add_viewer(3, PublicationId{1});
  run(300ms);
  conference_.command(SetGate{PublicationId{2}, false});
  fill(viewer, PublicationId{2});
  conference_.command(RemovePublication{PublicationId{1}});
  run(100ms);
  conference_.command(SetGate{PublicationId{2}, true});
  run(300ms);
  EXPECT_EQ(shown(viewer).back().from, 2);
  expect_unbroken(shown(viewer));
}

TEST_F(SlotsTest, APayloadTypeChangesWithThePicture) {
  add_sender(1, 1);
  add_sender(2, 1);
  auto& viewer = add_viewer(3, PublicationId{1});
  run(300ms);
  conference_.command(FillSlot{.peer = viewer.peer, .slot = 0, .publication = PublicationId{2}, .payload_type = 100});
  run(500ms);
  for (const auto& packet : shown(viewer)) EXPECT_EQ(packet.payload_type, packet.from == 2 ? 100 : testing::kVideoType);
  EXPECT_EQ(shown(viewer).back().payload_type, 100);
}

TEST_F(SlotsTest, HiddenSlotsAskForNothing) {
  add_sender(1, 1);
  add_viewer(3, {}, 30);
  run(2s);
  EXPECT_EQ(conference_.requests(sources_[0]->client, sources_[0]->ssrc), 0u);
  EXPECT_EQ(conference_.room.counters().rtp_forwarded, 0u);
}

TEST_F(SlotsTest, IgnoresSlotsAndPublicationsThatAreNotThere) {
  add_sender(1, 1);
  auto& viewer = add_viewer(3);
  fill(viewer, PublicationId{1}, 9);
  fill(viewer, PublicationId{77});
  conference_.command(FillSlot{.peer = PeerId{55}, .publication = PublicationId{1}});
  conference_.command(EmptySlot{viewer.peer, 200});
  conference_.command(EmptySlot{viewer.peer, 0});
  run(100ms);
  EXPECT_TRUE(shown(viewer).empty());
}

TEST_F(SlotsTest, SaysWhenAPublicationBeginsAndStopsToFlowOpenOrNot) {
  add_sender(1, 1);
  conference_.command(SetGate{PublicationId{1}, false});
  run(200ms);
  for (int i = 0; i < 30; ++i) conference_.room.pass(100ms);
  const auto changes = conference_.events<FlowChanged>();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_TRUE(changes[0].flowing);
  EXPECT_FALSE(changes[1].flowing);
}

// A picture of VP9 in spatial layers, each in one packet: the layer that a slot asks for is the spatial one.
class SpatialLayersTest : public SlotsTest {
 protected:
  SpatialLayersTest() {
    conference_.publish(PublicationId{1}, wire::Codec::vp9);
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{1};
    description->incoming = {{PublicationId{1}, track()}};
    description->incoming[0].track.remote_ssrc = Ssrc{0x1001};
    source_ = std::make_unique<TestSource>(
        TestSource{conference_, conference_.join(std::move(description)), Ssrc{0x1001}, testing::kVideoType});
    auto viewer = std::make_unique<CreatePeer>();
    viewer->peer = PeerId{2};
    viewer->outgoing = {{.track = track(), .ssrc = kSlotSsrc, .publication = PublicationId{1}}};
    viewer_ = &conference_.join(std::move(viewer));
  }
  static session::NegotiatedTrack track() {
    auto track = testing::video_track();
    track.codec.codec = wire::Codec::vp9;
    return track;
  }
  void ask_for(std::uint8_t layer) {
    conference_.command(FillSlot{
        .peer = PeerId{2}, .publication = PublicationId{1}, .payload_type = testing::kVideoType, .layer = layer});
  }
  // RFC 9628 section 4.2, not flexible: I and L, P unless it is a keyframe, B and E.
  void send_pictures(int count) {
    for (int i = 0; i < count; ++i, ++picture_) {
      const auto asked = conference_.requests(source_->client, source_->ssrc);
      const bool keyframe = picture_ == 0 || std::exchange(asked_, asked) != asked;
      for (std::uint8_t layer = 0; layer < 3; ++layer) {
        std::vector<std::uint8_t> payload(100 + 100 * layer, 0xab);
        payload[0] = static_cast<std::uint8_t>(0xac | (keyframe ? 0 : 0x40));
        payload[1] = static_cast<std::uint8_t>(picture_ & 0x7f);
        payload[2] = static_cast<std::uint8_t>(layer << 1 | (layer > 0));
        payload[3] = static_cast<std::uint8_t>(picture_);
        source_->mark = layer;
        source_->send(std::move(payload), source_->timestamp(90'000), layer == 2);
      }
      conference_.room.pass(kFrame);
    }
  }
  std::set<int> layers_since(std::size_t from) {
    std::set<int> found;
    for (auto i = from; i < shown(*viewer_).size(); ++i) found.insert(shown(*viewer_)[i].from);
    return found;
  }

  std::unique_ptr<TestSource> source_;
  TestClient* viewer_ = nullptr;
  int picture_ = 0;
  std::size_t asked_ = 0;
};

TEST_F(SpatialLayersTest, ASlotIsSentItsLayersAndTheLineStaysUnbroken) {
  send_pictures(10);
  EXPECT_EQ(layers_since(0), (std::set{0, 1, 2}));
  ask_for(0);
  send_pictures(2);
  const auto low = shown(*viewer_).size();
  send_pictures(10);
  EXPECT_EQ(layers_since(low), (std::set{0}));
  EXPECT_EQ(shown(*viewer_).size(), low + 10);
  ask_for(1);
  send_pictures(40);
  const auto middle = shown(*viewer_).size();
  send_pictures(5);
  EXPECT_EQ(layers_since(middle), (std::set{0, 1}));
  const auto& packets = shown(*viewer_);
  for (std::size_t i = 1; i < packets.size(); ++i)
    EXPECT_EQ(static_cast<std::uint16_t>(packets[i].sequence - packets[i - 1].sequence), 1u);
}

}  // namespace
}  // namespace bridgehall::media

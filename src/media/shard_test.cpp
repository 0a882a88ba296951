// Commands, events and bounds of a shard. What it does to media over bad networks is tested in sim/.
#include "media/shard.h"

#include <gtest/gtest.h>

#include "media/shard_testing.h"
#include "session/stun_integrity.h"

namespace bridgehall::media {
namespace {

using testing::kAudio;
using testing::kVideo;

class ShardTest : public ::testing::Test {
 protected:
  ShardTest() {
    room_.shard.handle_command(AddPublication{kVideo, wire::Codec::vp8}, room_.now);
    room_.shard.handle_command(AddPublication{kAudio, wire::Codec::opus}, room_.now);
    room_.shard.handle_command(SetGate{kVideo, true}, room_.now);
    room_.shard.handle_command(SetGate{kAudio, true}, room_.now);
  }
  testing::TestClient& add_publisher(std::uint32_t peer = 1) { return join(testing::publisher_command(PeerId{peer})); }
  testing::TestClient& add_viewer(std::uint32_t peer = 2) { return join(testing::viewer_command(PeerId{peer})); }
  testing::TestClient& join(std::unique_ptr<CreatePeer> command) {
    auto& client = room_.add_client(std::move(command));
    room_.connect(client);
    EXPECT_TRUE(client.transport->connected());
    return client;
  }
  void send_frame(testing::TestClient& publisher, bool keyframe) {
    timestamp_ += 3'600;
    room_.send_rtp(publisher,
                   testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, sequence_++, timestamp_, true),
                   testing::vp8_payload(500, true, keyframe));
  }
  template <class Kind>
  std::size_t count_events() const {
    std::size_t count = 0;
    for (const auto& event : room_.events) count += std::holds_alternative<Kind>(event);
    return count;
  }
  std::uint64_t drops(Drop reason) const { return room_.shard.counters().drops[static_cast<std::size_t>(reason)]; }

  testing::ShardRoom room_;
  std::uint16_t sequence_ = 100;
  std::uint32_t timestamp_ = 0;
};

TEST_F(ShardTest, SaysWhenAPeerIsMadeConnectedAndClosed) {
  add_publisher();
  EXPECT_EQ(count_events<PeerCreated>(), 1u);
  EXPECT_EQ(count_events<PeerConnected>(), 1u);
  room_.shard.handle_command(ClosePeer{PeerId{1}}, room_.now);
  room_.turn();
  EXPECT_EQ(count_events<PeerClosed>(), 1u);
  EXPECT_EQ(room_.shard.counters().peers, 0u);
}

// What a page that gets no media is told. Whoever knows a name but not its password is heard once, however often it
// asks.
TEST_F(ShardTest, TellsOnceEachHowFarAPeersChecksHaveCome) {
  auto& client = room_.add_client(testing::viewer_command(PeerId{3}));
  const auto heard = [&] {
    std::vector<Heard> all;
    for (const auto& event : room_.events)
      if (const auto* each = std::get_if<PeerHeard>(&event)) all.push_back(each->heard);
    return all;
  };
  room_.shard.advance(room_.now);
  EXPECT_TRUE(heard().empty());

  for (int i = 0; i < 3; ++i) {
    std::array<std::uint8_t, 256> buffer;
    wire::StunWriter forged(buffer, wire::StunClass::request, wire::kStunBinding, {});
    forged.username(client.server.ufrag + ":" + client.own.ufrag);
    const auto size = session::seal_stun(forged, "a password of somebody else");
    room_.deliver({testing::kServerIp, {IpAddress::v4(203, 0, 113, 9), 9}}, BytesView{buffer}.first(size));
    for (Event event; room_.shard.poll_event(event);) room_.events.push_back(std::move(event));
  }
  EXPECT_EQ(heard(), (std::vector{Heard::wrong_password}));
  room_.connect(client);
  EXPECT_EQ(heard(), (std::vector{Heard::wrong_password, Heard::checks}));
  EXPECT_EQ(count_events<PeerConnected>(), 1u);
}

TEST_F(ShardTest, RefusesAPeerWhoseIdOrTracksDoNotFit) {
  add_publisher(1);
  auto twice = testing::viewer_command(PeerId{1});
  room_.shard.handle_command(std::move(twice), room_.now);
  auto wide = testing::viewer_command(PeerId{9});
  wide->transport.local = {"wide", "wideWideWideWideWideWide"};
  wide->outgoing.resize(Peer::kMaxOutgoing + 1, wide->outgoing[0]);
  room_.shard.handle_command(std::move(wide), room_.now);
  room_.turn();
  EXPECT_EQ(count_events<PeerRefused>(), 2u);
  EXPECT_EQ(room_.shard.counters().peers, 1u);
}

TEST_F(ShardTest, IgnoresCommandsForWhatIsNotThere) {
  room_.shard.handle_command(ClosePeer{PeerId{77}}, room_.now);
  room_.shard.handle_command(RestartIce{PeerId{77}, {}, {}}, room_.now);
  room_.shard.handle_command(SetGate{PublicationId{77}, true}, room_.now);
  room_.shard.handle_command(RemovePublication{PublicationId{77}}, room_.now);
  room_.turn();
  EXPECT_TRUE(room_.events.empty());
}

TEST_F(ShardTest, AnswersCountersWithTheNumberOfTheRequest) {
  room_.command(ReadCounters{42});
  room_.turn();
  ASSERT_EQ(room_.events.size(), 1u);
  const auto& counters = std::get<std::unique_ptr<ShardCounters>>(room_.events[0]);
  EXPECT_EQ(counters->request, 42u);
  EXPECT_EQ(counters->publications, 2u);
}

TEST_F(ShardTest, ForwardsAFrameToEachViewer) {
  auto& publisher = add_publisher();
  add_viewer(2);
  add_viewer(3);
  send_frame(publisher, true);
  room_.turn();
  ASSERT_EQ(room_.media.size(), 2u);
  EXPECT_NE(room_.media[0].path, room_.media[1].path);
  EXPECT_EQ(room_.shard.counters().rtp_forwarded, 2u);
}

TEST_F(ShardTest, ForwardsNothingOfAClosedPublicationNotEvenWhatCameBefore) {
  auto& publisher = add_publisher();
  add_viewer();
  send_frame(publisher, true);
  room_.shard.handle_command(SetGate{kVideo, false}, room_.now);  // in the same turn
  room_.turn();
  send_frame(publisher, true);
  room_.pass(5ms);
  EXPECT_TRUE(room_.media.empty());
  EXPECT_EQ(drops(Drop::gate_closed), 1u);
}

TEST_F(ShardTest, ASubscriptionOfARemovedPublicationFallsSilent) {
  auto& publisher = add_publisher();
  add_viewer();
  send_frame(publisher, true);
  room_.turn();
  EXPECT_EQ(room_.media.size(), 1u);
  send_frame(publisher, false);
  room_.shard.handle_command(RemovePublication{kVideo}, room_.now);
  // Its place is used again at once.
  room_.shard.handle_command(AddPublication{PublicationId{9}, wire::Codec::vp8}, room_.now);
  room_.turn();
  send_frame(publisher, false);
  room_.pass(5ms);
  EXPECT_EQ(room_.media.size(), 1u);
  EXPECT_EQ(drops(Drop::rtp_unknown_ssrc), 1u);
}

TEST_F(ShardTest, ALaterSenderReplacesAnEarlierOne) {
  auto& first = add_publisher(1);
  add_viewer(2);
  send_frame(first, true);
  room_.turn();
  auto& second = add_publisher(3);
  send_frame(first, true);
  room_.turn();
  EXPECT_EQ(room_.media.size(), 1u);
  EXPECT_EQ(drops(Drop::rtp_unknown_ssrc), 1u);
  send_frame(second, true);
  room_.turn();
  EXPECT_EQ(room_.media.size(), 2u);
}

TEST_F(ShardTest, APeerThatClosesWithLossesOutstandingSetsNoTimerThatRunsWild) {
  auto& first = add_publisher(1);
  send_frame(first, true);
  sequence_ += 3;  // lost
  send_frame(first, false);
  add_publisher(2);  // the first one's tracks go nowhere
  room_.turn();
  std::size_t wakes = 0;
  for (const auto end = room_.now + 900ms; room_.shard.next_deadline() < end; ++wakes) {
    room_.now = std::max(room_.now, room_.shard.next_deadline());
    room_.turn();
  }
  EXPECT_LT(wakes, 40u);
}

TEST_F(ShardTest, WaitsForTheRestOfAFrameAndNotLonger) {
  auto& publisher = add_publisher();
  add_viewer();
  room_.send_rtp(publisher, testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, 1, 90),
                 testing::vp8_payload(500, true, true));
  room_.turn();
  EXPECT_TRUE(room_.media.empty());
  EXPECT_LE(room_.shard.next_deadline(), room_.now + Layer::kCollectionWindow);
  room_.send_rtp(publisher, testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, 2, 90, true),
                 testing::vp8_payload(500, false, true));
  room_.turn();
  ASSERT_EQ(room_.media.size(), 1u);
  EXPECT_EQ(room_.shard.counters().train_lengths[2], 1u);
  room_.send_rtp(publisher, testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, 3, 180),
                 testing::vp8_payload(500, true, false));
  room_.pass(Layer::kCollectionWindow);
  EXPECT_EQ(room_.media.size(), 2u);
}

TEST_F(ShardTest, SoundThatWaitsRidesWithThePictureThatIsDue) {
  auto& publisher = add_publisher();
  add_viewer();
  room_.send_rtp(publisher, testing::rtp_header(testing::kAudioType, testing::kAudioSsrc, 1, 960),
                 std::vector<std::uint8_t>(100));
  room_.turn();
  EXPECT_TRUE(room_.media.empty());
  send_frame(publisher, true);
  room_.turn();
  EXPECT_EQ(room_.media.size(), 1u);
  EXPECT_EQ(room_.shard.counters().train_lengths[2], 1u);
}

// Where many receive it nothing is lost by looking again only when it is due.
TEST_F(ShardTest, ACompleteFrameForManyStaysForAMomentInWhichNobodyNeedBeWoken) {
  constexpr std::uint32_t kMany = Layer::kFewReceivers + 50;
  auto& publisher = add_publisher();
  EXPECT_EQ(room_.shard.undisturbed_until(room_.now), room_.now);
  for (std::uint32_t viewer = 0; viewer < kMany; ++viewer) add_viewer(2 + viewer);
  send_frame(publisher, true);
  room_.turn();
  EXPECT_TRUE(room_.media.empty());
  const auto until = room_.shard.undisturbed_until(room_.now);
  EXPECT_EQ(until, room_.now + 50 * Layer::kCompletePerReceiver);
  EXPECT_LE(room_.shard.next_deadline(), until);
  room_.now = until;
  room_.turn();
  EXPECT_EQ(room_.media.size(), kMany);
  EXPECT_EQ(room_.shard.undisturbed_until(room_.now), room_.now);
}

TEST_F(ShardTest, UnannouncedStreamsAreLearntFromWhatAuthenticates) {
  auto command = testing::publisher_command(PeerId{1});
  command->incoming[0].track.remote_ssrc = Ssrc{};
  command->incoming[1].track.remote_ssrc = Ssrc{};
  auto& publisher = join(std::move(command));
  add_viewer();
  auto forged = testing::rtp_header(testing::kVideoType, Ssrc{0xbad}, 1, 90, true);
  forged.resize(200);
  room_.deliver(publisher.path, forged);
  EXPECT_EQ(drops(Drop::srtp_authentication), 1u);
  send_frame(publisher, true);
  room_.turn();
  EXPECT_EQ(room_.media.size(), 1u);
}

TEST_F(ShardTest, PayloadTypesThatWereNotAgreedAreDropped) {
  auto& publisher = add_publisher();
  room_.send_rtp(publisher, testing::rtp_header(99, testing::kVideoSsrc, 1, 90), testing::vp8_payload(100, true, true));
  EXPECT_EQ(drops(Drop::rtp_unknown_payload_type), 1u);
  room_.send_rtp(publisher, testing::rtp_header(testing::kVideoType, Ssrc{0x9999}, 1, 90),
                 testing::vp8_payload(100, true, true));
  EXPECT_EQ(drops(Drop::rtp_unknown_ssrc), 1u);
}

TEST(DropName, IsThereForEveryReasonAndDifferent) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Drop::count); ++i) {
    const auto name = drop_name(static_cast<Drop>(i));
    EXPECT_NE(name, "unknown");
    EXPECT_EQ(std::find(names.begin(), names.end(), name), names.end()) << name;
    names.push_back(name);
  }
}

}  // namespace
}  // namespace bridgehall::media

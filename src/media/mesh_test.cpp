// Several shards as one: what crosses between them, and what must not. That a conference is the same on one shard and
// on three is shown by the tests of voices, slots, simulcast and lines, which run on both.
#include "media/mesh.h"

#include <gtest/gtest.h>

#include "media/conference_testing.h"
#include "media/mesh_end.h"

namespace bridgehall::media {
namespace {

using testing::Conference;
using testing::TestClient;
using testing::TestSource;

constexpr PublicationId kCamera{1};
constexpr Ssrc kCameraSsrc{0x1001};
constexpr Ssrc kSlotSsrc{0x5000};
constexpr Duration kFrame = 40ms;
constexpr std::size_t kShards = 3;

// One camera, and viewers wherever there is room: clients are spread over the shards in the order in which they come.
class MeshTest : public ::testing::Test {
 protected:
  MeshTest() { conference_.publish(kCamera, wire::Codec::vp8); }

  TestClient& add_sender(std::uint32_t number) {
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{number};
    description->incoming = {{kCamera, testing::video_track()}};
    description->incoming[0].track.remote_ssrc = kCameraSsrc;
    auto& client = conference_.join(std::move(description));
    source_ = std::make_unique<TestSource>(
        TestSource{conference_, client, kCameraSsrc, testing::kVideoType, static_cast<std::uint8_t>(number), 5});
    answered_ = 0;
    return client;
  }
  TestClient& add_viewer(std::uint32_t number) {
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{number};
    description->outgoing.push_back({.track = testing::video_track(),
                                     .ssrc = kSlotSsrc,
                                     .rtx_ssrc = Ssrc{kSlotSsrc.value() + 1},
                                     .publication = kCamera});
    return conference_.join(std::move(description));
  }
  void run(Duration duration) {
    for (const auto end = conference_.room.now + duration; conference_.room.now < end;) {
      const auto asked = conference_.requests(source_->client, source_->ssrc);
      source_->send_frame(std::exchange(answered_, asked) != asked);
      ++frames_;
      for (int i = 0; i < 8; ++i) conference_.room.pass(kFrame / 8);
    }
  }
  std::uint64_t mirrored() const { return conference_.room.counters().packets_mirrored; }
  std::size_t shown(const TestClient& viewer) { return conference_.received(viewer, kSlotSsrc).size(); }
  std::uint32_t kept_at(std::size_t shard) const { return conference_.room.shards[shard]->counters().packets_kept; }
  // Which shard a client lives at.
  std::size_t shard_of(const TestClient& client) const { return *index(client.server.ufrag); }
  static std::optional<std::size_t> index(std::string_view ufrag) {
    const auto shard = shard_of_ufrag(ufrag);
    return shard ? std::optional<std::size_t>{shard->value()} : std::nullopt;
  }

  Conference conference_{kShards};
  std::unique_ptr<TestSource> source_;
  std::size_t answered_ = 0;
  std::uint64_t frames_ = 0;
};

TEST_F(MeshTest, ClientsAreSpreadAndTheirDatagramsFindThem) {
  std::set<std::size_t> shards{shard_of(add_sender(1))};
  for (std::uint32_t i = 2; i <= 6; ++i) shards.insert(shard_of(add_viewer(i)));
  EXPECT_EQ(shards.size(), kShards);
  run(500ms);
  EXPECT_GT(conference_.room.counters().datagrams_handed_over, 0u);
  EXPECT_EQ(conference_.drops(Drop::unknown_address), 0u);
  for (std::uint32_t i = 1; i < 6; ++i) EXPECT_GT(shown(*conference_.room.clients[i]), 5u);
}

TEST_F(MeshTest, APacketCrossesOnceToAShardHoweverManyWatchThere) {
  add_sender(1);
  for (std::uint32_t i = 2; i <= 12; ++i) add_viewer(i);
  run(1s);
  const auto before = mirrored(), frames = frames_;
  run(1s);
  EXPECT_EQ(mirrored() - before, (frames_ - frames) * (kShards - 1));
}

TEST_F(MeshTest, NothingCrossesToAShardWhereNobodyWatches) {
  add_sender(1);
  auto& second = add_viewer(2);
  auto& third = add_viewer(3);
  ASSERT_NE(shard_of(second), shard_of(third));
  run(500ms);
  conference_.command(ClosePeer{third.peer});
  run(100ms);
  auto before = mirrored();
  const auto frames = frames_;
  run(400ms);
  EXPECT_EQ(mirrored() - before, frames_ - frames);
  conference_.command(EmptySlot{second.peer, 0});
  run(100ms);
  before = mirrored();
  run(400ms);
  EXPECT_EQ(mirrored(), before);
}

TEST_F(MeshTest, RepetitionsComeFromTheMirror) {
  auto& sender = add_sender(1);
  auto& viewer = add_viewer(2);
  ASSERT_NE(shard_of(sender), shard_of(viewer));
  run(500ms);
  const auto lost = conference_.last(viewer, kSlotSsrc)->sequence;
  const auto before = conference_.room.counters();
  conference_.send_control(viewer,
                           [&](ByteWriter& out) { wire::write_nack(out, Ssrc{1}, kSlotSsrc, std::array{lost}); });
  conference_.room.pass(5ms);
  const auto after = conference_.room.counters();
  EXPECT_EQ(after.rtp_retransmitted - before.rtp_retransmitted, 1u);
  EXPECT_EQ(after.packets_mirrored, before.packets_mirrored);
}

TEST_F(MeshTest, AllShardsTogetherAskForAKeyframeTwiceASecondAtMost) {
  auto& sender = add_sender(1);
  std::vector<TestClient*> viewers;
  for (std::uint32_t i = 2; i <= 10; ++i) viewers.push_back(&add_viewer(i));
  run(1s);
  const auto before = conference_.requests(sender, kCameraSsrc);
  for (int i = 0; i < 100; ++i) {
    for (auto* viewer : viewers)
      conference_.send_control(*viewer, [](ByteWriter& out) { wire::write_pli(out, Ssrc{1}, kSlotSsrc); });
    conference_.room.pass(10ms);
  }
  const auto asked = conference_.requests(sender, kCameraSsrc) - before;
  EXPECT_GE(asked, 2u);
  EXPECT_LE(asked, 3u);
}

TEST_F(MeshTest, WhoeverJoinsAnotherShardSoonAfterAKeyframeNeedsNoOther) {
  auto& sender = add_sender(1);
  auto& first = add_viewer(2);
  run(200ms);
  source_->send_frame(true);
  conference_.room.pass(5ms);
  const auto before = conference_.requests(sender, kCameraSsrc);
  auto& second = add_viewer(3);
  ASSERT_NE(shard_of(first), shard_of(second));
  run(200ms);
  EXPECT_TRUE(conference_.received(second, kSlotSsrc).front().keyframe);
  EXPECT_EQ(conference_.requests(sender, kCameraSsrc), before);
}

TEST_F(MeshTest, AClosedGateIsClosedOnEveryShardWhateverIsOnItsWay) {
  add_sender(1);
  auto& viewer = add_viewer(2);
  run(500ms);
  const auto before = shown(viewer);
  conference_.command(SetGate{kCamera, false});
  run(200ms);
  EXPECT_EQ(shown(viewer), before);
  conference_.command(SetGate{kCamera, true});
  run(700ms);
  EXPECT_GT(shown(viewer), before);
  EXPECT_TRUE(conference_.received(viewer, kSlotSsrc)[before].keyframe);
}

TEST_F(MeshTest, ASenderThatComesBackAtAnotherShardIsSeenByAll) {
  const auto at_first = shard_of(add_sender(1));
  std::vector<TestClient*> viewers;
  for (std::uint32_t i = 2; i <= 4; ++i) viewers.push_back(&add_viewer(i));
  run(500ms);
  EXPECT_NE(shard_of(add_sender(5)), at_first);
  run(1s);
  for (auto* viewer : viewers) EXPECT_EQ(conference_.last(*viewer, kSlotSsrc)->from, 5);
  // What the first one still sends goes nowhere.
  const auto dropped = conference_.drops(Drop::rtp_unknown_ssrc);
  TestSource old{conference_, *conference_.room.clients[0], kCameraSsrc, testing::kVideoType, 1, 5};
  old.send_frame(true);
  EXPECT_EQ(conference_.drops(Drop::rtp_unknown_ssrc), dropped + 1);
}

TEST_F(MeshTest, AShardThatIsHomeNoLongerKeepsNothingThatNobodyWatches) {
  const auto home = shard_of(add_sender(1));
  const auto before = kept_at(home);
  run(200ms);
  EXPECT_GT(kept_at(home), before);
  EXPECT_NE(shard_of(add_sender(5)), home);
  run(200ms);
  EXPECT_EQ(kept_at(home), before);
}

TEST_F(MeshTest, WhatNobodyReceivesIsKeptNoLongerThanSomebodyCouldBeginWithIt) {
  const auto home = shard_of(add_sender(1));
  const auto before = kept_at(home);
  run(2s);
  EXPECT_LE(kept_at(home) - before, static_cast<std::uint32_t>(Layer::kKeyframeReuse / kFrame) + 1);
  add_viewer(2);
  run(2s);
  EXPECT_GE(kept_at(home) - before, static_cast<std::uint32_t>(2s / kFrame));
}

// The forger has an invitation of its own, lives at another shard, and writes the victim's address into its checks.
TEST_F(MeshTest, AnAddressIsNotTakenOverAcrossShards) {
  auto& victim = add_sender(1);
  auto& viewer = add_viewer(2);
  auto& forger = add_viewer(3);
  ASSERT_NE(shard_of(victim), shard_of(forger));
  run(500ms);
  for (int i = 0; i < 20; ++i) {
    forger.transport->recheck_path(conference_.room.now);
    for (session::OutgoingDatagram check; forger.transport->poll_transmit(check);)
      conference_.room.deliver(victim.path, check.bytes);
    run(500ms);
  }
  EXPECT_GT(conference_.drops(Drop::address_taken), 0u);
  EXPECT_EQ(conference_.drops(Drop::srtp_authentication), 0u);
  const auto before = shown(viewer);
  run(500ms);
  EXPECT_GT(shown(viewer), before);
}

// A network address translator gives a port to somebody else once its first user is silent.
TEST_F(MeshTest, AnAddressWhoseOwnerIsSilentGoesToWhoeverIsHeardThere) {
  auto& silent = add_viewer(2);
  auto& heir = add_viewer(3);
  ASSERT_NE(shard_of(silent), shard_of(heir));
  conference_.command(EmptySlot{silent.peer, 0});
  const auto address = silent.path;
  silent.path.remote.port = 9;  // whatever it sends comes from elsewhere now
  heir.path = address;
  for (int i = 0; i < 40 && conference_.drops(Drop::dtls_before_check) == 0; ++i) {
    heir.transport->recheck_path(conference_.room.now);
    conference_.room.pass(500ms);
  }
  add_sender(1);
  run(1s);
  EXPECT_GT(shown(heir), 0u);
}

TEST(MeshEndTest, StrangersFillHalfOfARingAtMost) {
  ShardMesh mesh(2);
  MeshEnd end(&mesh, ShardNumber{0});
  const ShardNumber other{1};
  const auto send = [&](bool stranger) { return end.send_datagram(other, stranger, [](HandedDatagram&) {}); };
  std::size_t strangers = 0, known = 0;
  while (send(true)) ++strangers;
  while (send(false)) ++known;
  EXPECT_EQ(strangers, mesh.lane(ShardNumber{0}, other).datagrams.capacity() / 2);
  EXPECT_EQ(strangers + known, mesh.lane(ShardNumber{0}, other).datagrams.capacity());
}

TEST(MeshEndTest, NotesThatFindNoRoomGoLaterAndInOrder) {
  ShardMesh mesh(2);
  MeshEnd sender(&mesh, ShardNumber{0}), receiver(&mesh, ShardNumber{1});
  constexpr std::uint32_t kCount = ShardMesh::Lane::kNotes * 3;
  for (std::uint32_t i = 0; i < kCount; ++i) sender.tell(ShardNumber{1}, LayerDemand{.layer = {.room = RoomId{i}}});
  EXPECT_TRUE(sender.has_late_notes());
  std::uint32_t next = 0;
  for (int turn = 0; turn < 3; ++turn) {
    receiver.look();
    receiver.take_notes([&](ShardNumber from, const Note& note) {
      EXPECT_EQ(from, ShardNumber{0});
      EXPECT_EQ(std::get<LayerDemand>(note).layer.room.value(), next++);
    });
    sender.send_late_notes();
  }
  EXPECT_EQ(next, kCount);
  EXPECT_FALSE(sender.has_late_notes());
}

TEST(ShardNumberTest, AUfragNamesTheShardThatMadeItAndStrangersNameNone) {
  for (std::size_t i = 0; i < kMaxShards; ++i) {
    const ShardNumber shard{static_cast<std::uint8_t>(i)};
    SeededRandom random(i);
    EXPECT_EQ(shard_of_ufrag(session::make_ice_credentials(random, shard_prefix(shard)).ufrag), shard);
  }
  EXPECT_FALSE(shard_of_ufrag(""));
  EXPECT_FALSE(shard_of_ufrag("\xff"));
}

}  // namespace
}  // namespace bridgehall::media

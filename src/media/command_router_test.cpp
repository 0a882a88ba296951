#include "media/command_router.h"

#include <gtest/gtest.h>

namespace bridgehall::media {
namespace {

std::unique_ptr<CreatePeer> peer_at(PeerId peer, std::string_view prefix) {
  auto command = std::make_unique<CreatePeer>();
  command->peer = peer;
  command->transport.local.ufrag = std::string(prefix) + "whatever";
  return command;
}
std::vector<int> numbers(ShardSet set) {
  std::vector<int> found;
  set.for_each([&](ShardNumber shard) { found.push_back(shard.value()); });
  return found;
}
std::vector<Command> send(CommandRouter& router, Command command) {
  std::vector<Command> given;
  router.deliver(std::move(command), [&](ShardNumber, Command&& one) { given.push_back(std::move(one)); });
  return given;
}

TEST(CommandRouterTest, WhatIsAboutThePublicGoesToAllShards) {
  CommandRouter router(3);
  EXPECT_EQ(numbers(router.targets(AddRoom{RoomId{1}})), (std::vector{0, 1, 2}));
  EXPECT_EQ(numbers(router.targets(SetGate{PublicationId{1}, true})), (std::vector{0, 1, 2}));
  const auto given = send(router, SetGate{PublicationId{5}, true});
  ASSERT_EQ(given.size(), 3u);
  for (const auto& one : given) EXPECT_EQ(std::get<SetGate>(one).publication, PublicationId{5});
}

TEST(CommandRouterTest, APeersCommandsGoToTheShardThatItsUfragNames) {
  CommandRouter router(3);
  Command create = peer_at(PeerId{7}, shard_prefix(ShardNumber{2}));
  EXPECT_EQ(numbers(router.targets(create)), std::vector{2});
  EXPECT_TRUE(numbers(router.targets(ClosePeer{PeerId{7}})).empty());
  send(router, std::move(create));
  EXPECT_EQ(numbers(router.targets(ClosePeer{PeerId{7}})), std::vector{2});
  EXPECT_EQ(numbers(router.targets(FillSlot{.peer = PeerId{7}})), std::vector{2});
  EXPECT_TRUE(router.hear(PeerClosed{PeerId{7}, {}}).has_value());
  EXPECT_TRUE(numbers(router.targets(ClosePeer{PeerId{7}})).empty());
}

TEST(CommandRouterTest, TheNextPeerIsMadeWhereThereAreFewest) {
  CommandRouter router(2);
  EXPECT_EQ(router.lightest(), ShardNumber{0});
  send(router, peer_at(PeerId{1}, "A"));
  EXPECT_EQ(router.lightest(), ShardNumber{1});
  send(router, peer_at(PeerId{2}, "B"));
  send(router, peer_at(PeerId{3}, "A"));
  EXPECT_EQ(router.lightest(), ShardNumber{1});
  router.hear(PeerRefused{PeerId{1}});
  router.hear(PeerClosed{PeerId{3}, {}});
  EXPECT_EQ(router.lightest(), ShardNumber{0});
}

TEST(CommandRouterTest, CountersAreHeardOnceAllShardsHaveAnswered) {
  CommandRouter router(2);
  send(router, ReadCounters{9});
  const auto answer = [](std::uint64_t forwarded, std::uint32_t publications) {
    auto counters = std::make_unique<ShardCounters>();
    counters->request = 9;
    counters->rtp_forwarded = forwarded;
    counters->publications = publications;
    return Event{std::move(counters)};
  };
  EXPECT_FALSE(router.hear(answer(3, 5)));
  const auto whole = router.hear(answer(4, 5));
  ASSERT_TRUE(whole);
  const auto& sum = *std::get<std::unique_ptr<ShardCounters>>(*whole);
  EXPECT_EQ(sum.request, 9u);
  EXPECT_EQ(sum.rtp_forwarded, 7u);
  EXPECT_EQ(sum.publications, 5u);
}

}  // namespace
}  // namespace bridgehall::media

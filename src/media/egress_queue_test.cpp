#include "media/egress_queue.h"

#include <vector>

#include <gtest/gtest.h>

namespace bridgehall::media {
namespace {

std::vector<std::uint32_t> drained(EgressQueue& queue) {
  std::vector<std::uint32_t> order;
  while (const auto peer = queue.take()) order.push_back(peer->value());
  return order;
}

TEST(EgressQueue, ServesByPlaceHoweverTheyCame) {
  EgressQueue queue;
  for (const auto place : {700u, 3u, 64u, 63u, 3u}) queue.add(PeerIndex{place});
  EXPECT_EQ(drained(queue), (std::vector<std::uint32_t>{3, 63, 64, 700}));
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.take());
}

// What did not fit into its share does not hold up those behind it.
TEST(EgressQueue, WhoIsAddedBehindThePassWaitsForTheNextOne) {
  EgressQueue queue;
  for (const auto place : {1u, 2u, 300u}) queue.add(PeerIndex{place});
  EXPECT_EQ(queue.take(), PeerIndex{1});
  queue.add(PeerIndex{1});
  EXPECT_EQ(drained(queue), (std::vector<std::uint32_t>{2, 300, 1}));
}

TEST(EgressQueue, ANewPassBeginsWithTheFirst) {
  EgressQueue queue;
  for (const auto place : {1u, 2u}) queue.add(PeerIndex{place});
  queue.take();
  queue.add(PeerIndex{1});
  queue.begin_pass();
  EXPECT_EQ(drained(queue), (std::vector<std::uint32_t>{1, 2}));
}

TEST(EgressQueue, ForgetsWhoHasGoneAndTellsWhoIsExpected) {
  EgressQueue queue;
  EXPECT_FALSE(queue.expected());
  queue.remove(PeerIndex{500});  // never was there
  for (const auto place : {5u, 70u, 200u}) queue.add(PeerIndex{place});
  queue.remove(PeerIndex{70});
  EXPECT_EQ(queue.expected(), PeerIndex{5});
  EXPECT_EQ(queue.expected_after(PeerIndex{5}), PeerIndex{200});
  EXPECT_EQ(queue.expected_after(PeerIndex{200}), PeerIndex{5});
  EXPECT_EQ(drained(queue), (std::vector<std::uint32_t>{5, 200}));
}

}  // namespace
}  // namespace bridgehall::media

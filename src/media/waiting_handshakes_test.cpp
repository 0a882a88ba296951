#include "media/waiting_handshakes.h"

#include <gtest/gtest.h>

namespace bridgehall::media {
namespace {

const NetworkPath kPath{IpAddress::v4(10, 0, 0, 1), {IpAddress::v4(192, 0, 2, 1), 4'000}};

bool push(WaitingHandshakes& line, std::uint32_t peer, std::uint8_t mark) {
  return line.push(PeerId{peer}, kPath, BytesView{&mark, 1});
}

TEST(WaitingHandshakes, GivesAPeersDatagramsInTheirOrder) {
  WaitingHandshakes line;
  for (std::uint8_t i = 0; i < 3; ++i) EXPECT_TRUE(push(line, 1, i));
  for (std::uint8_t i = 0; i < 3; ++i) EXPECT_EQ(line.pop()->bytes[0], i);
  EXPECT_TRUE(line.empty());
  EXPECT_FALSE(line.pop());
}

TEST(WaitingHandshakes, ServesPeersInTurnHoweverMuchOneSends) {
  WaitingHandshakes line;
  for (std::uint8_t i = 0; i < WaitingHandshakes::kMaxPerPeer; ++i) EXPECT_TRUE(push(line, 1, i));
  EXPECT_FALSE(push(line, 1, 99));
  EXPECT_TRUE(push(line, 2, 50));
  EXPECT_TRUE(push(line, 3, 60));
  EXPECT_EQ(line.pop()->peer, PeerId{1});
  EXPECT_EQ(line.pop()->peer, PeerId{2});
  EXPECT_EQ(line.pop()->peer, PeerId{3});
  EXPECT_EQ(line.pop()->peer, PeerId{1});
  EXPECT_TRUE(push(line, 1, 99));  // there is room again
}

TEST(WaitingHandshakes, IsBoundedInAll) {
  WaitingHandshakes line;
  std::size_t taken = 0;
  for (std::uint32_t peer = 1; peer <= 2 * WaitingHandshakes::kMax; ++peer) taken += push(line, peer, 0);
  EXPECT_EQ(taken, WaitingHandshakes::kMax);
  EXPECT_EQ(line.size(), WaitingHandshakes::kMax);
  while (line.pop()) --taken;
  EXPECT_EQ(taken, 0u);
  EXPECT_TRUE(push(line, 7, 0));
}

}  // namespace
}  // namespace bridgehall::media

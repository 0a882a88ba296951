#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/clock.h"
#include "load/flood_run.h"
#include "session/transport.h"
#include "wire/rtp.h"

namespace bridgehall::load {
namespace {

using testing::HasSubstr;
using testing::Not;

// A flood of datagrams against a socket of our own for so many turns of a clock of our own: what arrived.
std::vector<std::vector<std::uint8_t>> catch_flood(FloodKind kind, int rate, Duration duration) {
  auto socket = io::UdpSocket::open({.bind_ip = IpAddress::v4(127, 0, 0, 1), .receive_buffer = 1 << 20});
  EXPECT_TRUE(socket);
  SeededRandom random(1);
  Flood flood(kind, rate, {.media = {IpAddress::v4(127, 0, 0, 1), socket->port()}, .ufrag = "aliceabc"}, random);
  EXPECT_TRUE(flood.open());
  std::vector<std::vector<std::uint8_t>> caught;
  std::vector<std::uint8_t> memory(64 * 2'048);
  std::vector<MutableBytes> buffers;
  for (std::size_t i = 0; i < 64; ++i) buffers.push_back(MutableBytes{memory}.subspan(i * 2'048, 2'048));
  std::array<ReceivedDatagram, 64> received;
  const TimePoint begin{5s};
  for (auto now = begin; now <= begin + duration; now += Flood::kTurn) {
    flood.turn(now);
    for (auto count = socket->receive(buffers, received); count > 0; count = socket->receive(buffers, received))
      for (std::size_t i = 0; i < count; ++i) caught.emplace_back(received[i].bytes.begin(), received[i].bytes.end());
  }
  EXPECT_EQ(flood.counts().sent, caught.size());
  return caught;
}

TEST(Flood, SendsAtItsRateChecksForNobodyAndForSomebody) {
  const auto caught = catch_flood(FloodKind::stun, 2'000, 500ms);
  EXPECT_EQ(caught.size(), 1'000u);
  std::size_t somebody = 0;
  for (const auto& datagram : caught) {
    const auto ufrag = session::addressed_ufrag(datagram);
    ASSERT_TRUE(ufrag);
    somebody += *ufrag == "aliceabc";
  }
  EXPECT_EQ(somebody, caught.size() / 2);
}

TEST(Flood, SendsHellos) {
  const auto caught = catch_flood(FloodKind::client_hello, 1'000, 100ms);
  EXPECT_EQ(caught.size(), 100u);
  for (const auto& datagram : caught) EXPECT_EQ(wire::classify_datagram(datagram), wire::DatagramKind::dtls);
}

TEST(Flood, DoesNotMakeUpForWhatItCouldNotSend) {
  auto socket = io::UdpSocket::open({.bind_ip = IpAddress::v4(127, 0, 0, 1)});
  ASSERT_TRUE(socket);
  SeededRandom random(1);
  Flood flood(FloodKind::stun, 1'000, {.media = {IpAddress::v4(127, 0, 0, 1), socket->port()}, .ufrag = "a"}, random);
  ASSERT_TRUE(flood.open());
  flood.turn(TimePoint{1s});
  flood.turn(TimePoint{3s});  // it was held up for two seconds
  EXPECT_LE(flood.counts().sent, 20u);
}

TEST(Flood, KindsHaveNamesAndRates) {
  for (std::size_t i = 0; i < kFloodKinds; ++i) {
    const auto kind = static_cast<FloodKind>(i);
    EXPECT_EQ(parse_flood_kind(flood_name(kind)), kind);
    EXPECT_GT(default_rate(kind), 0);
  }
  EXPECT_FALSE(parse_flood_kind("rain"));
}

FloodRound round_of(FloodKind kind, Duration before, Duration during, Duration after) {
  FloodRound round{.kind = kind, .rate = 1'000, .seconds = 10};
  round.counts.sent = 9'990;
  round.counts.octets_sent = 1'000'000;
  round.before.p99 = before;
  round.during.p99 = during;
  round.after.p99 = after;
  round.before.server_share = 0.25;
  round.during.server_share = 0.5;
  return round;
}

TEST(FloodReport, TellsTheDifferenceToThePeaceOnBothSidesByTheMedianOfRounds) {
  const std::vector<FloodRound> rounds{
      round_of(FloodKind::stun, 1ms, 2ms, 2ms), round_of(FloodKind::stun, 1ms, 9ms, 1ms),
      round_of(FloodKind::stun, 1ms, 2ms, 1ms), round_of(FloodKind::join, 1ms, 1ms, 3ms)};
  EXPECT_EQ(rounds[0].difference(), 500us);
  const auto table = to_table(rounds);
  EXPECT_THAT(table, HasSubstr("stun"));
  EXPECT_THAT(table, HasSubstr("+1.00 ms"));
  EXPECT_THAT(table, HasSubstr("-1.00 ms"));
  EXPECT_THAT(table, HasSubstr("999"));
  EXPECT_THAT(table, HasSubstr("25 % → 50 %"));
  EXPECT_THAT(table, HasSubstr("nothing"));
  EXPECT_THAT(table, Not(HasSubstr("websocket")));
}

}  // namespace
}  // namespace bridgehall::load

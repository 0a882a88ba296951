#include "io/udp_socket.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "io/clock.h"
#include "io/interfaces.h"
#include "io/poller.h"
#include "io/wakeup.h"

namespace bridgehall::io {
namespace {

struct Inbox {
  explicit Inbox(std::size_t buffer_size = 2048) {
    for (auto& s : storage) {
      s.resize(buffer_size);
    }
    for (std::size_t i = 0; i < storage.size(); ++i) buffers[i] = storage[i];
  }
  // Waits until something is readable, then takes one batch.
  std::size_t receive(UdpSocket& socket) {
    Poller poller;
    poller.add(socket.fd(), 1);
    const auto now = read_clock();
    if (poller.wait(now + 5s, now).empty()) return 0;
    return socket.receive(buffers, datagrams);
  }
  std::array<std::vector<std::uint8_t>, UdpSocket::kBatch> storage;
  std::array<MutableBytes, UdpSocket::kBatch> buffers;
  std::array<ReceivedDatagram, UdpSocket::kBatch> datagrams;
};

class UdpSocketOver : public ::testing::TestWithParam<const char*> {};

TEST_P(UdpSocketOver, SendsATrainAsEqualDatagramsAndTellsTheLocalAddress) {
  const auto ip = *IpAddress::parse(GetParam());
  auto receiver = UdpSocket::open({});
  auto sender = UdpSocket::open({});
  ASSERT_TRUE(receiver && sender);
  std::vector<std::uint8_t> bytes(1000 * 7 + 120);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i / 1000);
  const Train train{{ip, {ip, receiver->port()}}, bytes, 1000};
  sender->send({&train, 1});
  EXPECT_EQ(sender->send_errors(), 0u);

  Inbox inbox;
  std::size_t total = 0;
  while (total < 8) {
    const auto count = inbox.receive(*receiver);
    ASSERT_GT(count, 0u);
    for (std::size_t i = 0; i < count; ++i, ++total) {
      const auto& datagram = inbox.datagrams[i];
      EXPECT_EQ(datagram.bytes.size(), total == 7 ? 120u : 1000u);
      EXPECT_EQ(datagram.bytes[0], total);
      EXPECT_EQ(datagram.path.local, ip);
      EXPECT_EQ(datagram.path.remote, (SocketAddress{ip, sender->port()}));
      EXPECT_FALSE(datagram.truncated);
    }
  }
  EXPECT_EQ(total, 8u);
}

// The whole 127.0.0.0/8 is this machine's: several addresses without a network.
TEST_P(UdpSocketOver, AnswersFromTheAddressThatWasAsked) {
  const auto ip = *IpAddress::parse(GetParam());
  auto server = UdpSocket::open({});
  auto client = UdpSocket::open({});
  ASSERT_TRUE(server && client);
  const std::vector<std::uint8_t> question(20, 1), answer(2 * 600, 2);
  const Train asked{{{}, {ip, server->port()}}, question, question.size()};
  client->send({&asked, 1});
  Inbox inbox;
  ASSERT_EQ(inbox.receive(*server), 1u);
  ASSERT_EQ(inbox.datagrams[0].path.local, ip);

  // A single datagram and a train: both carry the source address beside the segment size.
  for (const std::size_t segment : {answer.size(), std::size_t{600}}) {
    const Train train{inbox.datagrams[0].path, answer, segment};
    server->send({&train, 1});
    Inbox answers;
    std::size_t received = 0;
    while (received < answer.size()) {
      const auto count = answers.receive(*client);
      ASSERT_GT(count, 0u);
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(answers.datagrams[i].path.remote, (SocketAddress{ip, server->port()}));
        received += answers.datagrams[i].bytes.size();
      }
    }
  }
  EXPECT_EQ(server->send_errors(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Families, UdpSocketOver, ::testing::Values("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"));

TEST(UdpSocket, MarksWhatIsLongerThanItsBuffer) {
  auto receiver = UdpSocket::open({});
  auto sender = UdpSocket::open({});
  ASSERT_TRUE(receiver && sender);
  const auto ip = IpAddress::v4(127, 0, 0, 1);
  const std::vector<std::uint8_t> bytes(3000);
  const Train train{{{}, {ip, receiver->port()}}, bytes, bytes.size()};
  sender->send({&train, 1});
  Inbox inbox(1000);
  ASSERT_EQ(inbox.receive(*receiver), 1u);
  EXPECT_TRUE(inbox.datagrams[0].truncated);
  EXPECT_EQ(inbox.datagrams[0].bytes.size(), 1000u);
}

TEST(UdpSocket, JoinsATrainAgainWithGro) {
  auto receiver = UdpSocket::open({.gro = true});
  auto sender = UdpSocket::open({});
  ASSERT_TRUE(receiver && sender);
  const auto ip = IpAddress::v4(127, 0, 0, 1);
  const std::vector<std::uint8_t> bytes(5 * 800);
  const Train train{{{}, {ip, receiver->port()}}, bytes, 800};
  sender->send({&train, 1});
  Inbox inbox(65536);
  std::size_t received = 0;
  while (received < bytes.size()) {
    const auto count = inbox.receive(*receiver);
    ASSERT_GT(count, 0u);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(inbox.datagrams[i].segment_size, 800u);
      received += inbox.datagrams[i].bytes.size();
    }
  }
  EXPECT_EQ(received, bytes.size());
}

TEST(UdpSocket, TellsWhenTheKernelGotADatagramHoweverLateItIsRead) {
  auto receiver = UdpSocket::open({.arrival_times = true});
  auto sender = UdpSocket::open({});
  ASSERT_TRUE(receiver && sender);
  const std::vector<std::uint8_t> bytes(100);
  const Train train{{{}, {IpAddress::v4(127, 0, 0, 1), receiver->port()}}, bytes, 100};
  const auto before = read_clock();
  sender->send({&train, 1});
  const auto sent = read_clock();
  Inbox inbox;
  ASSERT_EQ(inbox.receive(*receiver), 1u);
  // The two clocks are read one after the other, which may differ by a little.
  EXPECT_GE(inbox.datagrams[0].arrived_at, before - 10ms);
  EXPECT_LE(inbox.datagrams[0].arrived_at, sent + 10ms);
}

TEST(UdpSocket, CountsWhatCannotBeSentAndGoesOn) {
  auto sender = UdpSocket::open({});
  ASSERT_TRUE(sender);
  const std::vector<std::uint8_t> bytes(100);
  // TEST-NET-3 as a source is no address of this machine, so the kernel refuses it.
  const Train refused{{*IpAddress::parse("203.0.113.7"), {IpAddress::v4(127, 0, 0, 1), 9}}, bytes, 100};
  sender->send({&refused, 1});
  EXPECT_EQ(sender->send_errors(), 1u);
}

TEST(UdpSocket, SaysWhichPortIsTaken) {
  auto first = UdpSocket::open({});
  ASSERT_TRUE(first);
  const auto second = UdpSocket::open({.port = first->port()});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(std::to_string(first->port())), std::string::npos);
}

TEST(Wakeup, WakesAPollerUntilCleared) {
  Wakeup wakeup;
  Poller poller;
  ASSERT_TRUE(poller.add(wakeup.fd(), 7));
  const auto now = read_clock();
  EXPECT_TRUE(poller.wait(now, now).empty());
  wakeup.signal();
  ASSERT_EQ(poller.wait(kNever, now).size(), 1u);
  EXPECT_EQ(poller.wait(now, now)[0], 7u);
  wakeup.clear();
  EXPECT_TRUE(poller.wait(now, now).empty());
}

TEST(Interfaces, IncludeLoopback) {
  bool loopback = false;
  for (const auto& ip : local_addresses()) {
    loopback |= ip.is_loopback();
    EXPECT_FALSE(ip.is_link_local());
  }
  EXPECT_TRUE(loopback);
}

}  // namespace
}  // namespace bridgehall::io

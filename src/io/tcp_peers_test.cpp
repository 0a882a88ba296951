#include "io/tcp_peers.h"

#include <array>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/socket.h>

#include "io/clock.h"
#include "io/poller.h"
#include "io/socket_address.h"

namespace bridgehall::io {
namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr TimePoint kStart{1h};

Bytes framed(const Bytes& frame) {
  Bytes out{static_cast<std::uint8_t>(frame.size() >> 8), static_cast<std::uint8_t>(frame.size())};
  out.insert(out.end(), frame.begin(), frame.end());
  return out;
}

// A connected pair over loopback: one end for TcpPeers, one for the test.
struct Pair {
  Pair() {
    const FileDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = to_system_v4({IpAddress::v4(127, 0, 0, 1), 0});
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    EXPECT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    client = FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    server = FileDescriptor(accept4(listener.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC));
    remote = from_system(reinterpret_cast<sockaddr&>(address));
  }
  TcpAdoption adoption(Bytes first_bytes = {}) {
    return {std::move(server), remote, IpAddress::v4(127, 0, 0, 1), std::move(first_bytes)};
  }
  void write(const Bytes& bytes) const {
    EXPECT_EQ(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // At least one byte, at most `most`.
  Bytes read(std::size_t most) const {
    Bytes bytes(most);
    const auto got = recv(client.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return bytes;
  }

  FileDescriptor server, client;
  SocketAddress remote;
};

class TcpPeersTest : public ::testing::Test {
 protected:
  TcpPeersTest() {
    for (std::size_t i = 0; i < storage.size(); ++i) buffers[i] = storage[i] = Bytes(1500);
    for (std::size_t i = 0; i < storage.size(); ++i) buffers[i] = storage[i];
    poller.add(peers.fd(), 1);
  }
  // Waits until something is to be read, then takes one batch.
  std::size_t receive() {
    const auto now = read_clock();
    poller.wait(now + 5s, now);
    return peers.receive(buffers, datagrams);
  }
  NetworkPath path(const Pair& pair) { return {IpAddress::v4(127, 0, 0, 1), pair.remote, Protocol::tcp}; }
  std::optional<TcpChange::Kind> change() {
    const auto next = peers.poll_change();
    return next ? std::optional(next->kind) : std::nullopt;
  }

  TcpPeers peers{{.connections = 8, .unconfirmed = 2}};
  Poller poller;
  std::array<Bytes, 4> storage;
  std::array<MutableBytes, 4> buffers;
  std::array<ReceivedDatagram, 4> datagrams;
};

TEST_F(TcpPeersTest, FramesBecomeDatagramsOfThePathBeginningWithWhatWasReadBefore) {
  Pair pair;
  const auto first = framed(Bytes(100, 1));
  ASSERT_TRUE(peers.adopt(pair.adoption({first.begin(), first.begin() + 40}), kStart));
  pair.write({first.begin() + 40, first.end()});
  pair.write(framed({2, 2, 2}));
  std::vector<Bytes> got;
  while (got.size() < 2) {
    const auto count = receive();
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(datagrams[i].path, path(pair));
      EXPECT_EQ(datagrams[i].bytes.data(), buffers[i].data());
      EXPECT_FALSE(datagrams[i].truncated);
      got.emplace_back(datagrams[i].bytes.begin(), datagrams[i].bytes.end());
    }
  }
  EXPECT_EQ(got, (std::vector{Bytes(100, 1), Bytes{2, 2, 2}}));
}

TEST_F(TcpPeersTest, MoreFramesThanBuffersComeInTheNextCallsWithoutWaiting) {
  Pair pair;
  Bytes ten;
  for (std::uint8_t i = 0; i < 10; ++i)
    for (const auto byte : framed({i})) ten.push_back(byte);
  ASSERT_TRUE(peers.adopt(pair.adoption(ten), kStart));
  EXPECT_EQ(peers.receive(buffers, datagrams), 4u);
  EXPECT_EQ(peers.receive(buffers, datagrams), 4u);
  EXPECT_EQ(peers.receive(buffers, datagrams), 2u);
  EXPECT_EQ(datagrams[1].bytes[0], 9);
}

TEST_F(TcpPeersTest, ATrainGoesOutFrameByFrame) {
  Pair pair;
  ASSERT_TRUE(peers.adopt(pair.adoption(), kStart));
  const Bytes bytes{1, 1, 1, 2, 2, 2, 3};
  const Train train{path(pair), bytes, 3};
  const Train other{{{}, pair.remote, Protocol::udp}, bytes, 3};  // the same address, but not this way
  peers.send(std::array{train, other});
  EXPECT_EQ(pair.read(100), (Bytes{0, 3, 1, 1, 1, 0, 3, 2, 2, 2, 0, 1, 3}));
  EXPECT_EQ(peers.counters().frames_dropped, 0u);
}

TEST_F(TcpPeersTest, AReaderThatStopsIsToldOfCostsABoundedQueueAndGetsWholeFramesLater) {
  Pair pair;
  ASSERT_TRUE(peers.adopt(pair.adoption(), kStart));
  Bytes bytes(1000);
  const Train train{path(pair), bytes, 500};
  std::uint64_t sent = 0;
  std::optional<std::uint64_t> full_after;
  for (; peers.counters().frames_dropped == 0; sent += 2) {
    ASSERT_LT(sent, 200'000u) << "the kernel takes without end";
    bytes[0] = bytes[500] = static_cast<std::uint8_t>(sent / 2);
    peers.send({&train, 1});
    if (!full_after && change() == TcpChange::Kind::full) full_after = sent;
  }
  ASSERT_TRUE(full_after);
  const auto queued = (sent - *full_after) * 502;
  EXPECT_GT(queued, TcpPeers::kMaxQueue - TcpPeers::kHighWater - 3000) << "sound has room for a while";
  EXPECT_LE(queued, TcpPeers::kMaxQueue - TcpPeers::kHighWater + 3000);
  EXPECT_EQ(peers.counters().backlogs, 1u);

  // It reads again: every frame whole, in order, until the queue has drained.
  FrameBuffer in;
  std::uint64_t frames = 0;
  const auto expected = sent - peers.counters().frames_dropped;
  bool drained = false;
  while (frames < expected) {
    const auto space = in.space();
    const auto got = pair.read(space.size());
    ASSERT_FALSE(got.empty());
    std::copy(got.begin(), got.end(), space.begin());
    in.commit(got.size());
    while (const auto frame = in.next()) {
      ASSERT_EQ(frame->size(), 500u);
      ASSERT_EQ((*frame)[0], static_cast<std::uint8_t>(frames / 2));
      ++frames;
    }
    peers.receive(buffers, datagrams);
    drained |= change() == TcpChange::Kind::drained;
  }
  EXPECT_TRUE(drained);
  EXPECT_EQ(peers.poll_change(), std::nullopt);
}

TEST_F(TcpPeersTest, StrangersAreClosedAfterFiveSecondsAndKnownPeersWhenTheyAreKnownNoMore) {
  Pair known, stranger;
  ASSERT_TRUE(peers.adopt(known.adoption(), kStart));
  ASSERT_TRUE(peers.adopt(stranger.adoption(), kStart));
  const auto is_known = [&](const TransportAddress& remote) { return remote.address == known.remote; };
  for (auto now = kStart; now < kStart + TcpPeers::kConfirmTime; now += 1s) peers.review(now, is_known);
  EXPECT_EQ(peers.size(), 2u);
  peers.review(kStart + TcpPeers::kConfirmTime, is_known);
  EXPECT_EQ(peers.size(), 1u);
  EXPECT_EQ(peers.poll_change(), (TcpChange{{stranger.remote, Protocol::tcp}, TcpChange::Kind::closed}));
  EXPECT_TRUE(stranger.read(1).empty()) << "the end of the stream";
  peers.review(kStart + 20s, [](const auto&) { return false; });
  EXPECT_EQ(peers.size(), 0u);
  EXPECT_EQ(peers.next_deadline(), kNever);
}

TEST_F(TcpPeersTest, OnlySoManyStrangersAreTakenButPeersThatAreKnownMakeRoom) {
  std::array<Pair, 4> pairs;
  EXPECT_TRUE(peers.adopt(pairs[0].adoption(), kStart));
  EXPECT_TRUE(peers.adopt(pairs[1].adoption(), kStart));
  EXPECT_FALSE(peers.adopt(pairs[2].adoption(), kStart));
  EXPECT_TRUE(pairs[2].read(1).empty());
  peers.review(kStart + TcpPeers::kReview, [](const auto&) { return true; });
  EXPECT_TRUE(peers.adopt(pairs[3].adoption(), kStart));
  EXPECT_EQ(peers.counters().refused, 1u);
}

TEST_F(TcpPeersTest, AnEndThatIsClosedIsToldOfAndForgotten) {
  Pair pair;
  ASSERT_TRUE(peers.adopt(pair.adoption(), kStart));
  pair.client = FileDescriptor();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(receive(), 0u);  // first what was read before: nothing
  EXPECT_EQ(change(), TcpChange::Kind::closed);
  const Bytes bytes(10);
  const Train train{path(pair), bytes, 10};
  peers.send({&train, 1});
  EXPECT_EQ(peers.counters().frames_dropped, 1u);
}

TEST_F(TcpPeersTest, AFrameThatCanNeverFitEndsTheConnectionAndOneThatIsTooLongForABufferDoesNot) {
  Pair longer, endless;
  ASSERT_TRUE(peers.adopt(longer.adoption(framed(Bytes(2000))), kStart));
  ASSERT_EQ(peers.receive(buffers, datagrams), 1u);
  EXPECT_TRUE(datagrams[0].truncated);
  EXPECT_EQ(datagrams[0].bytes.size(), 1500u);
  ASSERT_TRUE(peers.adopt(endless.adoption({0xff, 0xff, 0}), kStart));
  EXPECT_EQ(peers.receive(buffers, datagrams), 0u);
  EXPECT_EQ(peers.poll_change(), (TcpChange{{endless.remote, Protocol::tcp}, TcpChange::Kind::closed}));
  EXPECT_EQ(peers.size(), 1u);
}

TEST(FrameBuffer, GivesTheSameFramesHoweverTheStreamIsCut) {
  EXPECT_TRUE(rc::check([](const std::vector<Bytes>& frames, const std::vector<std::uint8_t>& cuts) {
    Bytes stream;
    for (const auto& frame : frames)
      for (const auto byte : framed(frame)) stream.push_back(byte);
    FrameBuffer buffer;
    std::vector<Bytes> got;
    std::size_t turn = 0;
    for (std::size_t at = 0; at < stream.size(); ++turn) {
      const auto space = buffer.space();
      RC_ASSERT(!space.empty());
      const std::size_t wish = cuts.empty() ? 100 : std::size_t{cuts[turn % cuts.size()]} + 1;
      const auto size = std::min({wish, space.size(), stream.size() - at});
      std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), size, space.begin());
      buffer.commit(size);
      at += size;
      while (const auto frame = buffer.next()) got.emplace_back(frame->begin(), frame->end());
      RC_ASSERT(!buffer.overflows());
    }
    std::vector<Bytes> expected;
    for (const auto& frame : frames)
      if (!frame.empty()) expected.push_back(frame);
    RC_ASSERT(got == expected);
  }));
}

TEST(SendQueue, GivesBackWhatWasTakenInAndNeverHoldsMoreThanItsLimitAndOneRest) {
  EXPECT_TRUE(rc::check([](const std::vector<std::pair<Bytes, std::uint8_t>>& steps) {
    constexpr std::size_t kLimit = 100;
    SendQueue queue(kLimit);
    Bytes in, out;
    for (const auto& [frame, taken] : steps) {
      if (queue.push({}, frame)) in.insert(in.end(), frame.begin(), frame.end());
      RC_ASSERT(queue.size() <= kLimit);
      const auto front = queue.front(taken);
      out.insert(out.end(), front.begin(), front.end());
      queue.pop(front.size());
    }
    const auto rest = queue.front(kLimit);
    out.insert(out.end(), rest.begin(), rest.end());
    RC_ASSERT(in == out);
  }));
}

}  // namespace
}  // namespace bridgehall::io

#include "session/fake_dtls.h"

#include <gtest/gtest.h>

#include "wire/rtp.h"

namespace bridgehall::session {
namespace {

using crypto::DtlsRole;
using crypto::DtlsState;

constexpr TimePoint kStart{1'000s};

struct Pair {
  FakeDtlsFactory server_factory{1};
  FakeDtlsFactory client_factory{2};
  std::unique_ptr<crypto::DtlsSession> server =
      server_factory.make_session(DtlsRole::server, client_factory.local_fingerprint());
  std::unique_ptr<crypto::DtlsSession> client =
      client_factory.make_session(DtlsRole::client, server_factory.local_fingerprint());

  // Carries datagrams to and fro; each is lost when lose() says so.
  template <class Lose>
  void exchange(TimePoint now, Lose&& lose) {
    std::vector<std::uint8_t> datagram;
    for (bool moved = true; moved;) {
      moved = false;
      for (const auto& [from, to] : {std::pair{client.get(), server.get()}, {server.get(), client.get()}}) {
        if (!from->poll_transmit(datagram)) continue;
        moved = true;
        EXPECT_EQ(wire::classify_datagram(datagram), wire::DatagramKind::dtls);
        if (!lose()) to->handle_datagram(datagram, now);
      }
    }
  }
  void exchange(TimePoint now) {
    exchange(now, [] { return false; });
  }
};

TEST(FakeDtls, gives_both_ends_the_same_keys_the_other_way_round) {
  Pair pair;
  pair.client->start(kStart);
  pair.exchange(kStart);
  ASSERT_TRUE(pair.server->keys() && pair.client->keys());
  EXPECT_EQ(pair.server->keys()->local.master_key, pair.client->keys()->remote.master_key);
  EXPECT_EQ(pair.server->keys()->remote.master_salt, pair.client->keys()->local.master_salt);
  EXPECT_NE(pair.server->keys()->local.master_key, pair.server->keys()->remote.master_key);
  EXPECT_EQ(pair.client->next_deadline(), kNever);
}

TEST(FakeDtls, connects_whatever_is_lost) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Pair pair;
    SeededRandom random{seed};
    TimePoint now = kStart;
    pair.client->start(now);
    for (int i = 0; i < 200 && pair.client->state() != DtlsState::connected; ++i) {
      pair.exchange(now, [&] { return random.chance(0.5); });
      now = pair.client->next_deadline();
      if (now != kNever) pair.client->handle_timeout(now);
    }
    EXPECT_EQ(pair.client->state(), DtlsState::connected) << "seed " << seed;
    EXPECT_EQ(pair.server->state(), DtlsState::connected) << "seed " << seed;
  }
}

TEST(FakeDtls, fails_on_a_fingerprint_that_was_not_expected) {
  Pair pair;
  pair.client = pair.client_factory.make_session(DtlsRole::client, pair.client_factory.local_fingerprint());
  pair.client->start(kStart);
  pair.exchange(kStart);
  EXPECT_EQ(pair.client->state(), DtlsState::failed);
  EXPECT_FALSE(pair.client->keys());
}

TEST(FakeDtls, ignores_and_counts_garbage) {
  Pair pair;
  pair.client->start(kStart);
  std::vector<std::uint8_t> hello;
  pair.client->poll_transmit(hello);
  hello.back() ^= 1;
  pair.server->handle_datagram(hello, kStart);
  pair.server->handle_datagram(BytesView{hello}.first(5), kStart);
  pair.server->handle_datagram({}, kStart);
  EXPECT_EQ(pair.server->dropped(), 3u);
  pair.client->handle_timeout(pair.client->next_deadline());
  pair.exchange(kStart);
  EXPECT_EQ(pair.server->state(), DtlsState::connected);
}

TEST(FakeDtls, tells_the_peer_when_it_closes) {
  Pair pair;
  pair.client->start(kStart);
  pair.exchange(kStart);
  pair.client->close();
  pair.exchange(kStart);
  EXPECT_EQ(pair.server->state(), DtlsState::closed);
}

}  // namespace
}  // namespace bridgehall::session

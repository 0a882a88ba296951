#include "session/transport.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/fake_dtls.h"
#include "session/transport_testing.h"

namespace bridgehall::session {
namespace {

using testing::kClientCredentials;
using testing::kServerAddress;
using testing::kServerCredentials;
using testing::kStart;
using testing::make_request;
using testing::NetworkFaults;
using testing::path_to;
using testing::take_datagrams;
using testing::take_events;
using testing::TransportPair;
using Kind = TransportEvent::Kind;

std::uint32_t drops(Transport& transport, TransportDrop reason) {
  return transport.take_drops()[static_cast<std::size_t>(reason)];
}

// What one end seals, the other opens: in both directions.
void expect_equal_keys(Transport& a, Transport& b) {
  for (const auto& [from, to] : {std::pair{&a, &b}, {&b, &a}}) {
    ASSERT_EQ(from->sealer().suite(), to->opener().suite());
    std::vector<std::uint8_t> packet{0x80, 0xc9, 0, 1, 0, 0, 0, 7};  // an RTCP receiver report
    const auto plain = packet;
    packet.resize(64);
    packet.resize(from->sealer().seal_rtcp(packet, plain.size()));
    const auto opened = to->opener().open_rtcp(packet);
    ASSERT_TRUE(opened.has_value());
    EXPECT_TRUE(std::ranges::equal(BytesView{packet}.first(*opened), plain));
  }
}

struct Connection {
  explicit Connection(std::uint64_t seed = 1, NetworkFaults faults = {})
      : random(seed),
        server_dtls(seed * 2),
        client_dtls(seed * 2 + 1),
        pair(server_dtls, client_dtls, random, faults) {}
  SeededRandom random;
  FakeDtlsFactory server_dtls;
  FakeDtlsFactory client_dtls;
  TransportPair pair;
};

TEST(Transport, connects_in_three_round_trips_on_a_clean_network) {
  Connection c;
  EXPECT_TRUE(c.pair.connect_within(3 * 20ms));
  EXPECT_TRUE(c.pair.server().has(Kind::path_validated));
  EXPECT_TRUE(c.pair.server().has(Kind::path_selected));
  EXPECT_EQ(c.pair.server().events.back().kind, Kind::connected);
  EXPECT_EQ(c.pair.server().transport.path(), c.pair.client_path());
  EXPECT_EQ(c.pair.client().transport.path().remote, kServerAddress);
  EXPECT_EQ(c.pair.client().transport.round_trip_time(), 20ms);
  EXPECT_EQ(c.pair.server().transport.round_trip_time(), std::nullopt);
  expect_equal_keys(c.pair.server().transport, c.pair.client().transport);
}

TEST(Transport, connects_with_equal_keys_over_a_network_that_loses_reorders_and_duplicates) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Connection c{seed, {.loss = 0.2, .duplication = 0.1, .least_delay = 5ms, .most_delay = 150ms}};
    ASSERT_TRUE(c.pair.connect_within(20s));
    EXPECT_FALSE(c.pair.stuck());
    expect_equal_keys(c.pair.server().transport, c.pair.client().transport);
  }
}

TEST(Transport, connects_with_openssl_over_a_network_that_loses_reorders_and_duplicates) {
  crypto::OpenSslDtlsFactory server_dtls;
  crypto::OpenSslDtlsFactory client_dtls;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random{seed};
    TransportPair pair{
        server_dtls, client_dtls, random, {.loss = 0.2, .duplication = 0.1, .least_delay = 5ms, .most_delay = 150ms}};
    ASSERT_TRUE(pair.connect_within(30s));
    EXPECT_FALSE(pair.stuck());
    expect_equal_keys(pair.server().transport, pair.client().transport);
  }
}

TEST(Transport, stays_connected_for_hours) {
  Connection c{3, {.loss = 0.05, .least_delay = 10ms, .most_delay = 40ms}};
  ASSERT_TRUE(c.pair.connect_within(20s));
  c.pair.run_for(std::chrono::hours{3});
  EXPECT_TRUE(c.pair.connected());
  EXPECT_FALSE(c.pair.stuck());
}

TEST(Transport, ends_both_sides_when_the_network_is_gone_for_thirty_seconds) {
  Connection c;
  ASSERT_TRUE(c.pair.connect_within(1s));
  c.pair.set_faults({.loss = 1});
  c.pair.run_for(29s);
  c.pair.run_for(8s);
  for (auto* end : {&c.pair.server(), &c.pair.client()}) {
    EXPECT_FALSE(end->transport.connected());
    EXPECT_EQ(end->events.back().kind, Kind::closed);
    EXPECT_EQ(end->events.back().reason, CloseReason::consent_lost);
    EXPECT_EQ(end->transport.next_deadline(), kNever);
  }
}

TEST(Transport, gives_up_when_no_connection_is_made_in_thirty_seconds) {
  Connection c{1, {.loss = 1}};
  c.pair.run_for(31s);
  for (auto* end : {&c.pair.server(), &c.pair.client()}) {
    ASSERT_EQ(end->events.size(), 1u);
    EXPECT_EQ(end->events.back().kind, Kind::closed);
    EXPECT_EQ(end->events.back().reason, CloseReason::connect_timeout);
  }
}

TEST(Transport, keeps_keys_and_connection_over_an_ice_restart) {
  Connection c;
  ASSERT_TRUE(c.pair.connect_within(1s));
  const IceCredentials server{"newServer", "newServerPasswordNewServer"};
  const IceCredentials client{"newClient", "newClientPasswordNewClient"};
  c.pair.server().transport.restart_ice(server, client, c.pair.now());
  EXPECT_TRUE(c.pair.server().transport.connected());
  c.pair.run_for(100ms);
  c.pair.move_client_to(2);
  c.pair.client().transport.restart_ice(client, server, c.pair.now());
  EXPECT_TRUE(c.pair.run_until(c.pair.now() + 50ms, [&] { return c.pair.server().transport.path() == path_to(2); }));
  c.pair.run_for(120s);
  EXPECT_TRUE(c.pair.connected());
  EXPECT_EQ(c.pair.server().transport.local_credentials(), server);
  expect_equal_keys(c.pair.server().transport, c.pair.client().transport);
}

TEST(Transport, follows_a_client_that_roams_within_a_round_trip) {
  Connection c;
  ASSERT_TRUE(c.pair.connect_within(1s));
  c.pair.move_client_to(2);
  c.pair.client().transport.recheck_path(c.pair.now());
  EXPECT_TRUE(c.pair.run_until(c.pair.now() + 20ms, [&] { return c.pair.server().transport.path() == path_to(2); }));
  c.pair.run_for(60s);
  EXPECT_TRUE(c.pair.connected());
  const auto& events = c.pair.server().events;
  EXPECT_TRUE(std::ranges::any_of(
      events, [](const TransportEvent& e) { return e.kind == Kind::path_forgotten && e.path == path_to(1); }));
}

TEST(Transport, follows_a_client_whose_nat_rebinds_with_its_next_consent_check) {
  Connection c;
  ASSERT_TRUE(c.pair.connect_within(1s));
  c.pair.move_client_to(2);
  EXPECT_TRUE(c.pair.run_until(c.pair.now() + 6'100ms, [&] { return c.pair.server().transport.path() == path_to(2); }));
}

TEST(Transport, tells_the_peer_when_it_closes) {
  Connection c;
  ASSERT_TRUE(c.pair.connect_within(1s));
  c.pair.client().transport.close();
  c.pair.run_for(100ms);
  EXPECT_EQ(c.pair.client().events.back().reason, CloseReason::requested);
  EXPECT_EQ(c.pair.server().events.back().kind, Kind::closed);
  EXPECT_EQ(c.pair.server().events.back().reason, CloseReason::peer_closed);
}

TEST(Transport, says_closed_once_and_nothing_after) {
  Connection c;
  ASSERT_TRUE(c.pair.connect_within(1s));
  auto& server = c.pair.server().transport;
  server.close();
  EXPECT_EQ(take_events(server).size(), 1u);
  take_datagrams(server);
  server.close();
  server.handle_stun(make_request({}), path_to(1), c.pair.now());
  server.handle_timeout(c.pair.now() + 60s);
  EXPECT_TRUE(take_events(server).empty());
  EXPECT_TRUE(take_datagrams(server).empty());
  EXPECT_FALSE(server.connected());
}

TEST(Transport, fails_on_a_certificate_that_was_not_announced) {
  SeededRandom random{1};
  FakeDtlsFactory server_dtls{1};
  FakeDtlsFactory client_dtls{2};
  FakeDtlsFactory impostor{3};
  Transport server{{.role = TransportRole::server,
                    .local = kServerCredentials,
                    .remote = kClientCredentials,
                    .remote_fingerprint = client_dtls.local_fingerprint()},
                   server_dtls,
                   random,
                   kStart};
  server.handle_stun(make_request({}), path_to(1), kStart);
  take_datagrams(server);
  auto session = impostor.make_session(crypto::DtlsRole::client, server_dtls.local_fingerprint());
  session->start(kStart);
  for (int i = 0; i < 3; ++i) {
    std::vector<std::uint8_t> datagram;
    while (session->poll_transmit(datagram)) server.handle_dtls(datagram, path_to(1), kStart);
    for (const auto& answer : take_datagrams(server)) session->handle_datagram(answer.bytes, kStart);
  }
  const auto events = take_events(server);
  EXPECT_EQ(events.back().kind, Kind::closed);
  EXPECT_EQ(events.back().reason, CloseReason::handshake_failed);
  EXPECT_FALSE(server.connected());
}

// A server alone, with everything that strangers may send to it.
class LoneServer : public ::testing::Test {
 protected:
  SeededRandom random{1};
  FakeDtlsFactory dtls{1};
  FakeDtlsFactory client_dtls{2};
  Transport server{{.role = TransportRole::server,
                    .local = kServerCredentials,
                    .remote = kClientCredentials,
                    .remote_fingerprint = client_dtls.local_fingerprint()},
                   dtls,
                   random,
                   kStart};

  std::vector<std::uint8_t> client_hello() {
    auto session = client_dtls.make_session(crypto::DtlsRole::client, dtls.local_fingerprint());
    session->start(kStart);
    std::vector<std::uint8_t> datagram;
    session->poll_transmit(datagram);
    return datagram;
  }
};

TEST_F(LoneServer, drops_and_counts_dtls_from_a_path_without_a_check) {
  server.handle_dtls(client_hello(), path_to(1), kStart);
  EXPECT_TRUE(take_datagrams(server).empty());
  EXPECT_EQ(drops(server, TransportDrop::dtls_before_check), 1u);

  server.handle_stun(make_request({}), path_to(1), kStart);
  take_datagrams(server);
  server.handle_dtls(client_hello(), path_to(2), kStart);
  EXPECT_TRUE(take_datagrams(server).empty());
  EXPECT_EQ(drops(server, TransportDrop::dtls_before_check), 1u);
  server.handle_dtls(client_hello(), path_to(1), kStart);
  EXPECT_EQ(take_datagrams(server).size(), 1u);
}

TEST_F(LoneServer, counts_malformed_dtls_and_goes_on) {
  server.handle_stun(make_request({}), path_to(1), kStart);
  take_datagrams(server);
  const std::vector<std::uint8_t> garbage{22, 0xfe, 0xfd, 1, 2, 3};
  server.handle_dtls(garbage, path_to(1), kStart);
  EXPECT_EQ(drops(server, TransportDrop::dtls_malformed), 1u);
  server.handle_dtls(client_hello(), path_to(1), kStart);
  EXPECT_EQ(take_datagrams(server).size(), 1u);
}

TEST_F(LoneServer, counts_drops_by_reason_and_forgets_what_was_taken) {
  server.handle_stun(client_hello(), path_to(1), kStart);
  server.handle_stun(make_request({.password = "wrongPasswordWrongPassword"}), path_to(1), kStart);
  server.handle_stun(make_request({.username = "a:b"}), path_to(1), kStart);
  const auto counts = server.take_drops();
  EXPECT_EQ(counts[static_cast<std::size_t>(TransportDrop::stun_malformed)], 1u);
  EXPECT_EQ(counts[static_cast<std::size_t>(TransportDrop::stun_integrity)], 1u);
  EXPECT_EQ(counts[static_cast<std::size_t>(TransportDrop::stun_unexpected)], 1u);
  EXPECT_THAT(server.take_drops(), ::testing::Each(0u));
}

TEST_F(LoneServer, stays_bounded_when_nobody_polls) {
  for (int i = 0; i < 10'000; ++i)
    server.handle_stun(make_request({}), path_to(static_cast<std::uint8_t>(i)), kStart + i * 1ms);
  EXPECT_LE(take_events(server).size(), 64u);
  EXPECT_LE(take_datagrams(server).size(), 64u);
  server.handle_stun(make_request({}), path_to(1), kStart + 10s);
  EXPECT_EQ(take_datagrams(server).size(), 1u);
}

TEST(IceCredentials, are_fresh_long_enough_and_carry_the_prefix) {
  SeededRandom random{1};
  const auto a = make_ice_credentials(random, "s3");
  const auto b = make_ice_credentials(random, "s3");
  EXPECT_NE(a, b);
  EXPECT_EQ(a.ufrag.size(), 10u);
  EXPECT_TRUE(a.ufrag.starts_with("s3"));
  EXPECT_EQ(a.password.size(), 24u);
  for (const char c : a.ufrag + a.password) EXPECT_TRUE(std::isalnum(c) || c == '+' || c == '/');
}

TEST(AddressedUfrag, is_the_part_before_the_colon_of_a_binding_request) {
  EXPECT_EQ(addressed_ufrag(make_request({})), "serverUfrag");
  EXPECT_EQ(addressed_ufrag(make_request({.username = "no-colon"})), std::nullopt);
  EXPECT_EQ(addressed_ufrag(make_request({.message_class = wire::StunClass::success})), std::nullopt);
  EXPECT_EQ(addressed_ufrag({}), std::nullopt);
}

}  // namespace
}  // namespace bridgehall::session

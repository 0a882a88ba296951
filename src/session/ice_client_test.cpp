#include "session/ice_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/transport_testing.h"

namespace bridgehall::session {
namespace {

using testing::kClientCredentials;
using testing::kServerAddress;
using testing::kServerCredentials;
using testing::kStart;
using Kind = TransportEvent::Kind;

struct Client {
  SeededRandom random{1};
  IceClient ice{kClientCredentials, kServerCredentials, kServerAddress, random, kStart};
  TransportOutbox out;

  // The check that is due at `now`.
  std::vector<std::uint8_t> check(TimePoint now) {
    ice.handle_timeout(now, out);
    OutgoingDatagram datagram;
    return out.pop(datagram) ? datagram.bytes : std::vector<std::uint8_t>{};
  }
  void answer(const std::vector<std::uint8_t>& check, TimePoint now,
              std::string_view password = kServerCredentials.password, const SocketAddress& from = kServerAddress,
              wire::StunClass message_class = wire::StunClass::success) {
    std::vector<std::uint8_t> bytes(wire::kStunMaxMessage);
    wire::StunWriter writer{bytes, message_class, wire::kStunBinding, wire::parse_stun(check)->transaction};
    writer.xor_mapped_address(testing::path_to(1).remote);
    bytes.resize(seal_stun(writer, password));
    ice.handle_stun(bytes, {testing::path_to(1).remote.ip, from}, now, out);
  }
  std::uint32_t drops(TransportDrop reason) { return out.take_drops()[static_cast<std::size_t>(reason)]; }
};

TEST(IceClient, nominates_with_its_first_check) {
  Client client;
  const auto bytes = client.check(kStart);
  const auto check = wire::parse_stun(bytes);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->message_class, wire::StunClass::request);
  EXPECT_EQ(check->username, "serverUfrag:clientUfrag");
  EXPECT_TRUE(check->use_candidate);
  EXPECT_TRUE(check->ice_controlling);
  EXPECT_TRUE(check->priority);
  EXPECT_TRUE(is_authentic(bytes, *check, kServerCredentials.password));
}

TEST(IceClient, repeats_unanswered_checks_ever_more_slowly) {
  Client client;
  std::vector<Duration> gaps;
  TimePoint last = kStart;
  client.check(kStart);
  for (int i = 0; i < 7; ++i) {
    const auto next = client.ice.next_deadline();
    gaps.push_back(next - last);
    last = next;
    EXPECT_FALSE(client.check(next).empty());
  }
  EXPECT_THAT(gaps, ::testing::ElementsAre(100ms, 200ms, 400ms, 800ms, 1'600ms, 1'600ms, 1'600ms));
}

TEST(IceClient, is_valid_after_the_first_answer_and_knows_the_round_trip) {
  Client client;
  const auto check = client.check(kStart);
  EXPECT_EQ(client.ice.selected_path(), nullptr);
  client.answer(check, kStart + 30ms);
  ASSERT_NE(client.ice.selected_path(), nullptr);
  EXPECT_EQ(client.ice.selected_path()->remote, kServerAddress);
  EXPECT_EQ(client.ice.round_trip_time(), 30ms);
  EXPECT_EQ(client.out.pop_event()->kind, Kind::path_validated);
  EXPECT_EQ(client.out.pop_event()->kind, Kind::path_selected);
}

TEST(IceClient, measures_the_round_trip_of_the_check_that_is_answered) {
  Client client;
  const auto first = client.check(kStart);
  client.check(kStart + 100ms);
  client.answer(first, kStart + 150ms);
  EXPECT_EQ(client.ice.round_trip_time(), 150ms);
}

TEST(IceClient, takes_no_answer_that_it_cannot_trust) {
  Client client;
  const auto check = client.check(kStart);
  client.answer(check, kStart, "wrongPasswordWrongPassword");
  EXPECT_EQ(client.drops(TransportDrop::stun_integrity), 1u);
  client.answer(check, kStart, kServerCredentials.password, {IpAddress::v4(203, 0, 113, 9), 8443});
  client.answer(check, kStart, kServerCredentials.password, kServerAddress, wire::StunClass::error);
  client.answer(testing::make_request({}), kStart);
  client.ice.handle_stun(check, {{}, kServerAddress}, kStart, client.out);  // our own check, reflected
  EXPECT_EQ(client.drops(TransportDrop::stun_unexpected), 4u);
  EXPECT_EQ(client.ice.selected_path(), nullptr);
}

TEST(IceClient, answers_the_checks_of_a_server_that_is_not_lite) {
  Client client;
  const auto check_with = [&](std::string_view username, std::string_view password) {
    std::vector<std::uint8_t> bytes(wire::kStunMaxMessage);
    wire::StunWriter writer{bytes, wire::StunClass::request, wire::kStunBinding, {1, 2, 3}};
    writer.username(username);
    writer.priority(1);
    bytes.resize(seal_stun(writer, password));
    client.ice.handle_stun(bytes, {testing::path_to(1).remote.ip, kServerAddress}, kStart, client.out);
    OutgoingDatagram datagram;
    return client.out.pop(datagram) ? datagram.bytes : std::vector<std::uint8_t>{};
  };
  const auto bytes = check_with("clientUfrag:serverUfrag", kClientCredentials.password);
  const auto answer = wire::parse_stun(bytes);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->message_class, wire::StunClass::success);
  EXPECT_EQ(answer->transaction, (wire::StunTransactionId{1, 2, 3}));
  EXPECT_TRUE(is_authentic(bytes, *answer, kClientCredentials.password));

  EXPECT_TRUE(check_with("clientUfrag:serverUfrag", kServerCredentials.password).empty());
  EXPECT_EQ(client.drops(TransportDrop::stun_integrity), 1u);
  EXPECT_TRUE(check_with("serverUfrag:clientUfrag", kClientCredentials.password).empty());
  EXPECT_EQ(client.drops(TransportDrop::stun_unexpected), 1u);
  EXPECT_EQ(client.ice.selected_path(), nullptr);
}

TEST(IceClient, takes_each_answer_once) {
  Client client;
  const auto check = client.check(kStart);
  client.answer(check, kStart + 1ms);
  client.answer(check, kStart + 20s);
  EXPECT_EQ(client.drops(TransportDrop::stun_unexpected), 1u);
  EXPECT_EQ(client.ice.round_trip_time(), 1ms);
}

TEST(IceClient, renews_consent_every_four_to_six_seconds) {
  Client client;
  client.answer(client.check(kStart), kStart);
  TimePoint last = kStart;
  for (int i = 0; i < 50; ++i) {
    const auto next = client.ice.next_deadline();
    EXPECT_GE(next - last, 4s);
    EXPECT_LE(next - last, 6s);
    client.answer(client.check(next), next);
    last = next;
  }
}

TEST(IceClient, loses_consent_after_thirty_seconds_without_an_answer) {
  Client client;
  client.answer(client.check(kStart), kStart);
  while (client.ice.next_deadline() < kStart + 30s) client.check(client.ice.next_deadline());
  EXPECT_FALSE(client.ice.consent_lost());
  EXPECT_EQ(client.ice.next_deadline(), kStart + 30s);
  client.check(kStart + 30s);
  EXPECT_TRUE(client.ice.consent_lost());
  EXPECT_EQ(client.ice.next_deadline(), kNever);
}

TEST(IceClient, restarts_with_new_credentials_and_keeps_its_path_meanwhile) {
  Client client;
  const auto old = client.check(kStart);
  client.answer(old, kStart);
  client.ice.restart({"newClient", "newClientPasswordNewClient"}, {"newServer", "newServerPasswordNewServer"},
                     kStart + 1s, client.out);
  OutgoingDatagram datagram;
  ASSERT_TRUE(client.out.pop(datagram));
  EXPECT_EQ(wire::parse_stun(datagram.bytes)->username, "newServer:newClient");
  EXPECT_NE(client.ice.selected_path(), nullptr);
  EXPECT_EQ(client.ice.next_deadline(), kStart + 1'100ms);
  client.answer(datagram.bytes, kStart + 1'010ms, "newServerPasswordNewServer");
  EXPECT_EQ(client.ice.round_trip_time(), 10ms);
  EXPECT_GE(client.ice.next_deadline(), kStart + 5s);
}

}  // namespace
}  // namespace bridgehall::session

#include "session/ice_lite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "session/transport_testing.h"

namespace bridgehall::session {
namespace {

using testing::kClientCredentials;
using testing::kServerCredentials;
using testing::kStart;
using testing::make_request;
using testing::path_to;
using testing::Request;
using Kind = TransportEvent::Kind;

const IceCredentials kNewServer{"newServer", "newServerPasswordNewServer"};
const IceCredentials kNewClient{"newClient", "newClientPasswordNewClient"};

struct Server {
  IceLite ice{kServerCredentials, kClientCredentials};
  TransportOutbox out;

  void check(const NetworkPath& path, TimePoint now = kStart, const Request& request = {}) {
    ice.handle_stun(make_request(request), path, now, out);
  }
  void nominate(const NetworkPath& path, TimePoint now = kStart, std::uint32_t priority = 1'000) {
    check(path, now, {.priority = priority, .use_candidate = true});
  }
  std::vector<Kind> events() {
    std::vector<Kind> kinds;
    while (const auto event = out.pop_event()) kinds.push_back(event->kind);
    return kinds;
  }
  std::optional<OutgoingDatagram> answer() {
    OutgoingDatagram datagram;
    return out.pop(datagram) ? std::optional{datagram} : std::nullopt;
  }
  std::uint32_t drops(TransportDrop reason) { return out.take_drops()[static_cast<std::size_t>(reason)]; }
  NetworkPath selected() const { return ice.selected_path() ? *ice.selected_path() : NetworkPath{}; }
};

Request new_request() {
  return {.username = kNewServer.ufrag + ":" + kNewClient.ufrag, .password = kNewServer.password};
}

TEST(IceLite, answers_an_authentic_check_over_the_path_it_came_by) {
  Server server;
  server.check(path_to(1));
  const auto answer = server.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->path, path_to(1));
  const auto message = wire::parse_stun(answer->bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, wire::StunClass::success);
  EXPECT_EQ(message->transaction[0], 1);
  EXPECT_EQ(message->mapped_address, path_to(1).remote);
  EXPECT_TRUE(is_authentic(answer->bytes, *message, kServerCredentials.password));
}

TEST(IceLite, answers_with_an_ipv6_address_to_one) {
  Server server;
  const NetworkPath path{*IpAddress::parse("2001:db8::1"), {*IpAddress::parse("2001:db8::2"), 5'000}};
  server.check(path);
  EXPECT_EQ(wire::parse_stun(server.answer()->bytes)->mapped_address, path.remote);
}

TEST(IceLite, drops_a_wrong_integrity_without_an_answer) {
  Server server;
  server.check(path_to(1), kStart, {.password = "notThePasswordAtAllNotAtAll"});
  EXPECT_FALSE(server.answer());
  EXPECT_FALSE(server.ice.is_valid(path_to(1)));
  EXPECT_EQ(server.drops(TransportDrop::stun_integrity), 1u);
  EXPECT_TRUE(server.events().empty());
}

TEST(IceLite, drops_what_is_meant_for_someone_else) {
  Server server;
  for (const auto* username : {"serverUfrag:other", "other:clientUfrag", "serverUfrag", "serverUfrag:clientUfragX",
                               "clientUfrag:serverUfrag", ""})
    server.check(path_to(1), kStart, {.username = username});
  EXPECT_FALSE(server.answer());
  EXPECT_EQ(server.drops(TransportDrop::stun_unexpected), 6u);
}

TEST(IceLite, drops_responses_and_indications) {
  Server server;
  for (const auto message_class : {wire::StunClass::success, wire::StunClass::error, wire::StunClass::indication})
    server.check(path_to(1), kStart, {.message_class = message_class});
  EXPECT_FALSE(server.answer());
  EXPECT_EQ(server.drops(TransportDrop::stun_unexpected), 3u);
}

TEST(IceLite, drops_a_damaged_check) {
  EXPECT_TRUE(rc::check([] {
    Server server;
    auto bytes = make_request({});
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size() - testing::kFingerprintSize);
    bytes[at] ^= static_cast<std::uint8_t>(*rc::gen::inRange(1, 256));
    server.ice.handle_stun(bytes, path_to(1), kStart, server.out);
    RC_ASSERT(!server.answer());
    RC_ASSERT(!server.ice.is_valid(path_to(1)));
  }));
}

TEST(IceLite, tells_a_controlled_peer_of_the_role_conflict_and_learns_nothing) {
  Server server;
  server.check(path_to(1), kStart, {.controlled = true});
  const auto answer = server.answer();
  ASSERT_TRUE(answer);
  const auto message = wire::parse_stun(answer->bytes);
  EXPECT_EQ(message->message_class, wire::StunClass::error);
  EXPECT_EQ(message->error_code, 487);
  EXPECT_TRUE(is_authentic(answer->bytes, *message, kServerCredentials.password));
  EXPECT_FALSE(server.ice.is_valid(path_to(1)));
}

TEST(IceLite, never_answers_with_more_bytes_than_it_got) {
  Server server;
  for (const bool controlled : {false, true}) {
    const auto bytes = make_request({.controlled = controlled});
    server.ice.handle_stun(bytes, {*IpAddress::parse("2001:db8::1"), {*IpAddress::parse("2001:db8::2"), 5'000}}, kStart,
                           server.out);
    EXPECT_LE(server.answer()->bytes.size(), bytes.size());
  }
}

TEST(IceLite, selects_the_first_valid_path_before_any_nomination) {
  Server server;
  server.check(path_to(1));
  EXPECT_THAT(server.events(), ::testing::ElementsAre(Kind::path_validated, Kind::path_selected));
  server.check(path_to(2));
  EXPECT_THAT(server.events(), ::testing::ElementsAre(Kind::path_validated));
  EXPECT_EQ(server.selected(), path_to(1));
}

TEST(IceLite, sends_where_the_peer_nominates) {
  Server server;
  server.check(path_to(1));
  server.check(path_to(2));
  server.events();
  server.nominate(path_to(2));
  EXPECT_EQ(server.selected(), path_to(2));
  EXPECT_THAT(server.events(), ::testing::ElementsAre(Kind::path_selected));
}

TEST(IceLite, follows_a_peer_that_roams_even_to_a_path_of_lower_priority) {
  Server server;
  server.nominate(path_to(1), kStart, 2'000);
  server.nominate(path_to(2), kStart + 1s, 1'000);
  EXPECT_EQ(server.selected(), path_to(2));
}

TEST(IceLite, comes_back_to_a_path_that_was_left) {
  Server server;
  server.nominate(path_to(1), kStart, 1'000);
  server.nominate(path_to(2), kStart + 1s, 2'000);
  server.check(path_to(1), kStart + 2s);  // kept alive, no longer nominated
  server.nominate(path_to(1), kStart + 3s, 1'000);
  EXPECT_EQ(server.selected(), path_to(1));
}

TEST(IceLite, follows_a_consent_check_from_a_new_address_when_the_old_one_missed_its_own) {
  Server server;
  server.nominate(path_to(1), kStart);
  server.check(path_to(1), kStart + 5s);
  server.check(path_to(2), kStart + 9s);
  EXPECT_EQ(server.selected(), path_to(2));
  server.check(path_to(3), kStart + 14s);
  EXPECT_EQ(server.selected(), path_to(3));
}

TEST(IceLite, is_not_moved_by_checks_of_other_candidates_while_the_selected_path_lives) {
  Server server;
  server.nominate(path_to(1), kStart);
  server.check(path_to(2), kStart + 2s);  // new, but nothing is missing where it was
  EXPECT_EQ(server.selected(), path_to(1));
  server.check(path_to(2), kStart + 5s);  // late, but an old acquaintance
  EXPECT_EQ(server.selected(), path_to(1));
}

TEST(IceLite, does_not_flap_when_every_check_nominates) {
  Server server;
  server.nominate(path_to(1), kStart, 2'000);
  server.nominate(path_to(2), kStart, 1'000);
  server.nominate(path_to(1), kStart, 2'000);
  server.events();
  for (int i = 0; i < 10; ++i) {
    server.nominate(path_to(2), kStart + i * 1s, 1'000);
    server.nominate(path_to(1), kStart + i * 1s, 2'000);
  }
  EXPECT_EQ(server.selected(), path_to(1));
  EXPECT_TRUE(server.events().empty());
}

TEST(IceLite, moves_to_a_path_of_lower_priority_once_the_better_one_has_missed_its_checks) {
  Server server;
  server.nominate(path_to(1), kStart, 2'000);
  server.nominate(path_to(2), kStart, 1'000);
  server.nominate(path_to(1), kStart + 1s, 2'000);
  server.nominate(path_to(2), kStart + 2s, 1'000);
  EXPECT_EQ(server.selected(), path_to(1));
  server.nominate(path_to(2), kStart + 1s + IceLite::kMissedCheck, 1'000);
  EXPECT_EQ(server.selected(), path_to(2));
}

TEST(IceLite, is_not_moved_by_forged_checks) {
  Server server;
  server.nominate(path_to(1));
  server.check(path_to(66), kStart, {.password = "guessedGuessedGuessed1", .use_candidate = true});
  EXPECT_EQ(server.selected(), path_to(1));
  EXPECT_FALSE(server.ice.is_valid(path_to(66)));
}

TEST(IceLite, forgets_the_longest_silent_path_but_never_the_selected_one) {
  Server server;
  server.nominate(path_to(0));
  for (std::uint8_t i = 1; i < Transport::kMaxPaths; ++i) server.check(path_to(i), kStart + i * 10ms);
  server.events();
  server.check(path_to(100), kStart + 3s);
  EXPECT_THAT(server.events(), ::testing::ElementsAre(Kind::path_forgotten, Kind::path_validated));
  EXPECT_TRUE(server.ice.is_valid(path_to(0)));
  EXPECT_FALSE(server.ice.is_valid(path_to(1)));
  EXPECT_TRUE(server.ice.is_valid(path_to(2)));
}

TEST(IceLite, loses_consent_thirty_seconds_after_the_last_check) {
  Server server;
  EXPECT_EQ(server.ice.next_deadline(), kNever);
  server.check(path_to(1), kStart);
  server.check(path_to(1), kStart + 10s);
  EXPECT_EQ(server.ice.next_deadline(), kStart + 40s);
  server.ice.handle_timeout(kStart + 40s - 1ns, server.out);
  EXPECT_FALSE(server.ice.consent_lost());
  server.events();
  server.ice.handle_timeout(kStart + 40s, server.out);
  EXPECT_TRUE(server.ice.consent_lost());
  EXPECT_EQ(server.ice.selected_path(), nullptr);
  EXPECT_EQ(server.ice.next_deadline(), kNever);
  EXPECT_THAT(server.events(), ::testing::ElementsAre(Kind::path_forgotten));
}

TEST(IceLite, falls_back_to_a_living_path_when_the_selected_one_goes_silent) {
  Server server;
  server.nominate(path_to(1), kStart);
  server.check(path_to(2), kStart + 10s);
  server.check(path_to(3), kStart + 20s);
  server.ice.handle_timeout(kStart + 30s, server.out);
  EXPECT_FALSE(server.ice.consent_lost());
  EXPECT_EQ(server.selected(), path_to(3));
  EXPECT_FALSE(server.ice.is_valid(path_to(1)));
}

TEST(IceLite, leaves_a_path_whose_connection_has_closed_for_the_freshest_other) {
  Server server;
  server.check(path_to(1), kStart);
  server.check(path_to(2), kStart + 5s);
  server.nominate(path_to(3), kStart + 1s);
  server.events();
  server.ice.lose_path(path_to(3).from(), server.out);
  EXPECT_EQ(server.events(), (std::vector{Kind::path_forgotten, Kind::path_selected}));
  EXPECT_EQ(server.selected(), path_to(2));
  EXPECT_FALSE(server.ice.is_valid(path_to(3)));
  server.ice.lose_path(path_to(1).from(), server.out);
  EXPECT_EQ(server.events(), (std::vector{Kind::path_forgotten}));
  EXPECT_EQ(server.selected(), path_to(2));
}

TEST(IceLite, keeps_its_last_path_for_consent_to_end_when_that_connection_closes) {
  Server server;
  server.nominate(path_to(1), kStart);
  server.events();
  server.ice.lose_path(path_to(1).from(), server.out);
  EXPECT_TRUE(server.events().empty());
  EXPECT_TRUE(server.ice.is_valid(path_to(1)));
  server.ice.handle_timeout(kStart + 30s, server.out);
  EXPECT_TRUE(server.ice.consent_lost());
}

TEST(IceLite, takes_old_credentials_until_a_check_with_new_ones) {
  Server server;
  server.nominate(path_to(1));
  server.ice.restart(kNewServer, kNewClient, kStart, server.out);
  EXPECT_EQ(server.ice.local_credentials(), kNewServer);
  EXPECT_EQ(server.selected(), path_to(1));
  server.answer();
  server.check(path_to(1));
  EXPECT_TRUE(server.answer());

  server.check(path_to(2), kStart, new_request());
  const auto answer = server.answer();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(is_authentic(answer->bytes, *wire::parse_stun(answer->bytes), kNewServer.password));
  EXPECT_EQ(server.selected(), path_to(2));
  EXPECT_TRUE(server.ice.is_valid(path_to(1)));  // what is still on its way may arrive

  server.nominate(path_to(1));
  EXPECT_FALSE(server.answer());
  EXPECT_EQ(server.selected(), path_to(2));
  EXPECT_EQ(server.drops(TransportDrop::stun_unexpected), 1u);
}

TEST(IceLite, is_not_restarted_by_a_forged_check_with_the_new_name) {
  Server server;
  server.nominate(path_to(1));
  server.ice.restart(kNewServer, kNewClient, kStart, server.out);
  auto forged = new_request();
  forged.password = kServerCredentials.password;
  server.check(path_to(2), kStart, forged);
  EXPECT_EQ(server.selected(), path_to(1));
  server.answer();
  server.check(path_to(1));
  EXPECT_TRUE(server.answer());
}

TEST(IceLite, takes_only_the_newest_of_two_restarts) {
  Server server;
  server.ice.restart(kNewServer, kNewClient, kStart, server.out);
  server.ice.restart({"third", "thirdPasswordThirdPassword"}, kNewClient, kStart, server.out);
  server.check(path_to(1), kStart, new_request());
  EXPECT_FALSE(server.answer());
}

}  // namespace
}  // namespace bridgehall::session

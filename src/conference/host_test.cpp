#include "conference/host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conference/crowd_testing.h"
#include "conference/directory_testing.h"
#include "conference/host_testing.h"

namespace bridgehall::conference {
namespace {

using media::PeerId;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class HostTest : public testing::Test {
 protected:
  HostTest() {
    Roster roster{.id = "demo", .title = "Demo", .time_zone = "UTC", .stage = "hall"};
    const std::pair<const char*, Role> seats[] = {
        {"hall", Role::hall}, {"chair", Role::chair}, {"a", Role::site}, {"b", Role::site}, {"guest", Role::viewer}};
    for (const auto& [id, role] : seats)
      roster.seats.push_back(
          {.id = id, .name = id, .place = "Room 3", .role = role, .invitation = std::string("link-") + id});
    host.add_conference(roster);
    commands();
  }

  void commit() { commit_all(host, now); }
  Words commands() {
    commit();
    return take_commands(host.directory());
  }
  std::string greet(const std::string& seat, Role role = Role::site, std::string_view resume = {}) {
    const auto greeting = host.greet("demo", {role, seat}, resume);
    EXPECT_TRUE(greeting) << greeting.error().message;
    return greeting ? greeting->participant->session : "";
  }
  PeerId join(const std::string& session, bool microphone = true, bool camera = true) {
    const auto* participant = host.find_participant(session);
    auto order =
        participant_order(participant->seat, participant->role, participant->role == Role::viewer ? Uses{} : kRoom);
    negotiate(host.directory(), order);
    const auto joined = host.join(session, std::move(order), microphone, camera, now);
    EXPECT_TRUE(joined) << joined.error().message;
    commit();
    return joined ? joined->session->peer : PeerId{};
  }
  // Greeted and joined.
  std::string seated(const std::string& seat, Role role = Role::site) {
    auto session = greet(seat, role);
    join(session);
    return session;
  }
  PeerId publish(const std::string& name, Principal who) {
    const auto published = host.publish(publisher_order(name, std::move(who)), now);
    EXPECT_TRUE(published);
    commit();
    return published ? published->session->peer : PeerId{};
  }
  void ask(const SeatId& actor, const Command& command) {
    const auto done = host.carry_out("demo", actor, command, now);
    EXPECT_TRUE(done) << done.error().message;
    commit();
  }
  void closed(PeerId peer) { host.handle_event(media::PeerClosed{peer, session::CloseReason::consent_lost}, now); }
  const Seat& seat(const std::string& id) {
    commit();
    return *host.state("demo")->find(id);
  }
  std::vector<std::pair<std::string, LeaveReason>> ended() {
    std::vector<std::pair<std::string, LeaveReason>> all;
    while (const auto one = host.poll_ended()) all.emplace_back(one->session, one->reason);
    return all;
  }
  using Endings = std::vector<std::pair<std::string, LeaveReason>>;

  SeededRandom random{7};
  Host host{{}, random};
  Moment now{TimePoint{} + 1h, WallTime{std::chrono::seconds{1'800'000'000}}};
};

// -- pages --

TEST_F(HostTest, a_seat_is_present_from_its_join_on) {
  const auto session = greet("a");
  EXPECT_FALSE(seat("a").present);
  join(session);
  EXPECT_TRUE(seat("a").present);
  EXPECT_TRUE(seat("a").microphone.open);
  EXPECT_EQ(seat("a").sends, kRoom);
  EXPECT_EQ(host.state("demo")->sequence, host.log("demo")->newest());
}

TEST_F(HostTest, a_page_that_comes_back_within_the_grace_finds_all_as_it_was) {
  const auto session = seated("a");
  commands();
  const auto sequence = host.state("demo")->sequence;
  host.unlink(session, now);
  EXPECT_EQ(host.next_deadline(), now.monotonic + Host::kGrace);
  now.monotonic += Host::kGrace - 1ms;
  host.handle_timeout(now);
  const auto greeting = host.greet("demo", {Role::site, "a"}, session);
  EXPECT_TRUE(greeting->resumed);
  EXPECT_EQ(greeting->participant->session, session);
  EXPECT_TRUE(greeting->participant->media);
  now.monotonic += 1h;
  host.handle_timeout(now);
  EXPECT_EQ(host.state("demo")->sequence, sequence) << "nobody noticed";
  EXPECT_EQ(commands(), Words{});
}

TEST_F(HostTest, after_the_grace_the_seat_is_empty) {
  const auto session = seated("a");
  commands();
  host.unlink(session, now);
  now.monotonic += Host::kGrace;
  host.handle_timeout(now);
  EXPECT_FALSE(seat("a").present);
  EXPECT_THAT(commands(), Contains("close 1"));
  EXPECT_FALSE(host.greet("demo", {Role::site, "a"}, session)->resumed);
  EXPECT_EQ(ended(), Endings{}) << "its socket is gone already";
}

TEST_F(HostTest, a_second_page_sends_the_first_away_and_its_media_go_when_the_second_has_joined) {
  const auto first = seated("a");
  commands();
  const auto second = greet("a");
  EXPECT_EQ(ended(), (Endings{{first, LeaveReason::replaced}}));
  EXPECT_TRUE(seat("a").present);
  EXPECT_EQ(commands(), Words{});
  join(second);
  const auto words = commands();
  EXPECT_EQ(words.front(), "close 1");
  EXPECT_THAT(words, Contains(HasSubstr("peer 2")));
  closed(PeerId{1});
  EXPECT_TRUE(seat("a").present) << "the old peer's end comes late";
  EXPECT_EQ(seat("a").sends, kRoom);
}

TEST_F(HostTest, a_second_page_that_goes_without_joining_leaves_the_seat_to_expire) {
  seated("a");
  const auto second = greet("a");
  host.unlink(second, now);
  EXPECT_TRUE(seat("a").present);
  now.monotonic += Host::kGrace;
  host.handle_timeout(now);
  EXPECT_FALSE(seat("a").present);
}

TEST_F(HostTest, a_page_that_only_said_hello_goes_without_a_trace) {
  const auto sequence = host.state("demo")->sequence;
  host.unlink(greet("a"), now);
  host.leave(greet("b"), now);
  EXPECT_EQ(host.next_deadline(), kNever);
  EXPECT_EQ(host.state("demo")->sequence, sequence);
}

TEST_F(HostTest, who_leaves_is_gone_at_once) {
  const auto session = seated("a");
  commands();
  host.leave(session, now);
  EXPECT_FALSE(seat("a").present);
  EXPECT_EQ(commands().back(), "close 1");
  EXPECT_EQ(ended(), (Endings{{session, LeaveReason::left}}));
}

TEST_F(HostTest, who_is_removed_is_told_and_its_media_close) {
  seated("chair", Role::chair);
  const auto session = seated("a");
  commands();
  ask("chair", Remove{"a"});
  EXPECT_EQ(ended(), (Endings{{session, LeaveReason::removed}}));
  EXPECT_THAT(commands(), ElementsAre("shut 4", "shut 5", "close 2"));
  EXPECT_EQ(host.find_participant(session), nullptr);
}

TEST_F(HostTest, media_that_end_while_the_page_is_here_leave_it_seated) {
  const auto session = greet("a");
  const auto peer = join(session);
  ask("a", RaiseHand{});
  closed(peer);
  EXPECT_TRUE(seat("a").present);
  EXPECT_TRUE(seat("a").hand);
  EXPECT_TRUE(seat("a").sends.empty());
  EXPECT_FALSE(host.find_participant(session)->media);
  host.unlink(session, now);
  EXPECT_TRUE(seat("a").present) << "its page has the same grace as any";
  EXPECT_TRUE(host.greet("demo", {Role::site, "a"}, session)->resumed);
}

TEST_F(HostTest, media_that_end_while_the_page_is_away_end_the_seat) {
  const auto session = greet("a");
  const auto peer = join(session);
  host.unlink(session, now);
  closed(peer);
  EXPECT_FALSE(seat("a").present);
  EXPECT_EQ(host.find_participant(session), nullptr);
}

TEST_F(HostTest, a_join_that_the_shard_refuses_leaves_the_seat_without_media) {
  const auto session = seated("a");
  const auto again = join(session);
  host.handle_event(media::PeerRefused{again}, now);
  EXPECT_TRUE(seat("a").present);
  EXPECT_TRUE(seat("a").sends.empty());
  EXPECT_FALSE(host.find_participant(session)->media);
  EXPECT_TRUE(join(session) != PeerId{});
}

TEST_F(HostTest, a_token_of_another_role_does_not_get_the_seats_rights) {
  const auto greeting = host.greet("demo", {Role::viewer, "chair"}, {});
  ASSERT_FALSE(greeting);
  EXPECT_EQ(greeting.error().code, RefusalCode::not_allowed);
  EXPECT_TRUE(host.greet("demo", {Role::delegate, "someone-new"}, {}));
}

TEST_F(HostTest, joining_again_after_the_session_has_ended_is_refused) {
  const auto session = seated("a");
  host.leave(session, now);
  EXPECT_EQ(host.may_join(session, now).error().code, RefusalCode::not_connected);
  auto order = participant_order("a");
  negotiate(host.directory(), order);
  EXPECT_EQ(host.join(session, std::move(order), true, true, now).error().code, RefusalCode::not_connected);
}

TEST_F(HostTest, a_locked_conference_is_not_joined) {
  seated("chair", Role::chair);
  ask("chair", SetLock{true});
  const auto session = greet("a");
  EXPECT_EQ(host.may_join(session, now).error().code, RefusalCode::locked);
}

// -- gates: closing acts first --

TEST_F(HostTest, a_microphone_that_was_open_is_shut_before_its_new_sender_exists) {
  const auto session = seated("a");
  commands();
  join(session, false, true);
  EXPECT_EQ(commands().front(), "shut 1") << "before the old session is closed and the new one made";
  EXPECT_FALSE(seat("a").microphone.open);
}

TEST_F(HostTest, a_gate_is_opened_after_its_sender_was_made) {
  seated("a");
  EXPECT_THAT(commands(),
              ElementsAre("add 1", "add 2", "add 3", "rank 1:0", "peer 1 in:1 in:2 in:3", "open 1", "open 2"));
}

TEST_F(HostTest, whoever_the_chair_has_closed_stays_shut_through_a_new_join_by_whip_too) {
  seated("chair", Role::chair);
  const auto session = seated("a");
  ask("chair", CloseMicrophone{"a"});
  ask("chair", CloseCamera{"a"});
  host.leave(session, now);
  commands();
  seated("a");
  EXPECT_THAT(commands(), Not(Contains(HasSubstr("open"))));
  publish("a", {Role::site, "a"});
  EXPECT_THAT(commands(), Not(Contains(HasSubstr("open"))));
}

TEST_F(HostTest, mode_conference_shuts_gates_before_anything_else) {
  seated("chair", Role::chair);
  seated("a");
  seated("b");
  commands();
  ask("chair", SetMode{Mode::conference});
  EXPECT_THAT(commands(), ElementsAre("shut 4", "shut 7"));
}

// -- WHIP --

TEST_F(HostTest, who_publishes_takes_the_seat) {
  const auto peer = publish("a", {Role::site, "a"});
  EXPECT_TRUE(seat("a").present);
  EXPECT_FALSE(seat("a").microphone.open) << "until it is opened";
  EXPECT_EQ(seat("a").sends, (Uses{TrackUse::microphone, TrackUse::camera}));
  ASSERT_TRUE(host.set_open("demo", "a", true, now));
  EXPECT_TRUE(seat("a").microphone.granted && seat("a").camera.open);
  closed(peer);
  EXPECT_FALSE(seat("a").present);
  publish("a", {Role::site, "a"});
  EXPECT_TRUE(seat("a").microphone.open) << "its gates were left open";
}

TEST_F(HostTest, a_moderators_publication_is_open_and_its_name_becomes_a_seat) {
  publish("camera-2", {Role::moderator, "mod"});
  EXPECT_THAT(commands(),
              ElementsAre("add 1", "add 2", "rank 1:0", "peer 1 in:1 in:2", "open 1", "rank 1:1", "open 2"));
  EXPECT_EQ(seat("camera-2").role, Role::site);
  seated("chair", Role::chair);
  ask("chair", SetMode{Mode::conference});
  EXPECT_TRUE(seat("camera-2").microphone.open) << "it has the floor";
}

TEST_F(HostTest, a_name_taken_over_from_a_moderator_starts_closed) {
  closed(publish("a", {Role::moderator, "mod"}));
  commands();
  publish("a", {Role::site, "a"});
  EXPECT_THAT(commands(), ElementsAre("shut 1", "shut 2", "rank 1:1", "peer 2 in:1 in:2"));
}

TEST_F(HostTest, a_moderator_publishes_into_a_locked_conference_and_others_do_not) {
  seated("chair", Role::chair);
  ask("chair", SetLock{true});
  EXPECT_TRUE(host.may_publish_now(publisher_order("new", {Role::moderator, "mod"}), now));
  EXPECT_EQ(host.may_publish_now(publisher_order("a", {Role::site, "a"}), now).error().code, RefusalCode::locked);
}

TEST_F(HostTest, nothing_is_published_as_a_viewer) {
  EXPECT_EQ(host.may_publish_now(publisher_order("guest", {Role::moderator, "mod"}), now).error().code,
            RefusalCode::not_allowed);
}

TEST_F(HostTest, of_page_and_publisher_on_one_seat_the_later_stays) {
  const auto page = seated("a");
  publish("a", {Role::site, "a"});
  EXPECT_EQ(ended(), (Endings{{page, LeaveReason::replaced}}));
  EXPECT_TRUE(seat("a").present);
  host.unlink(page, now);
  EXPECT_TRUE(seat("a").present) << "the page's end is late";
  seated("a");
  EXPECT_EQ(host.directory().counts().publishing, 0u);
  EXPECT_EQ(host.directory().counts().participating, 1u);
}

TEST_F(HostTest, a_page_that_only_looks_does_not_disturb_a_publisher_on_its_seat) {
  const auto peer = publish("a", {Role::site, "a"});
  const auto first = greet("a");
  host.unlink(first, now);
  host.leave(greet("a"), now);
  EXPECT_TRUE(seat("a").present);
  ended();
  const auto looks = greet("a");
  closed(peer);
  EXPECT_FALSE(seat("a").present);
  EXPECT_EQ(ended(), Endings{}) << "nor the other way round";
  EXPECT_NE(host.find_participant(looks), nullptr);
}

// -- invitations --

TEST_F(HostTest, a_renewed_invitation_ends_all_that_was_made_with_the_old_one) {
  const auto session = seated("a");
  publish("b", {Role::site, "b"});
  const auto terms = host.directory().view_terms("demo", Names{"b"});
  host.directory().view(viewer_order(*terms, {Role::site, "a"}), *terms, now.monotonic);
  commands();
  ASSERT_EQ(host.find_invitation("link-a")->seat->id, "a");
  auto roster = host.renewed_roster("demo", "a");
  EXPECT_EQ(roster->time_zone, "UTC");
  EXPECT_EQ(roster->seats[2].place, "Room 3");
  EXPECT_TRUE(host.find_invitation("link-a")) << "not yet";
  host.replace_roster(*roster, "a", now);
  EXPECT_FALSE(host.find_invitation("link-a"));
  EXPECT_EQ(host.find_invitation(roster->seats[2].invitation)->seat->serial, 2u);
  EXPECT_EQ(ended(), (Endings{{session, LeaveReason::revoked}}));
  EXPECT_FALSE(seat("a").present);
  EXPECT_TRUE(seat("b").present);
  const auto words = commands();
  EXPECT_THAT(words, Contains("close 1"));
  EXPECT_THAT(words, Contains("close 3")) << "what it views";
  EXPECT_FALSE(host.renewed_roster("demo", "nobody"));
  EXPECT_FALSE(host.renewed_roster("nowhere", "a"));
}

TEST_F(HostTest, closing_all_ends_every_page_and_session) {
  seated("a");
  seated("guest", Role::viewer);
  publish("b", {Role::site, "b"});
  host.close_all(now);
  EXPECT_EQ(host.directory().counts().participating, 0u);
  EXPECT_EQ(host.directory().counts().publishing, 0u);
  EXPECT_EQ(ended().size(), 2u);
}

// Whatever pages, publishers and the media core do.
TEST(HostProperties, the_state_and_the_media_core_agree) {
  EXPECT_TRUE(rc::check([] {
    SeededRandom random{*rc::gen::arbitrary<std::uint64_t>()};
    Host host({}, random);
    Roster roster{.id = "demo"};
    for (const auto* id : {"a", "b", "c"}) roster.seats.push_back({.id = id, .name = id, .role = Role::site});
    roster.seats.push_back({.id = "chair", .name = "chair", .role = Role::chair});
    host.add_conference(roster);
    Crowd crowd(host, 10s);
    Moment now{TimePoint{} + 1h, {}};
    const int steps = *rc::gen::inRange(1, 60);
    for (int step = 0; step < steps; ++step) {
      const auto name = *rc::gen::element<std::string>("a", "b", "c", "chair");
      const int deed = *rc::gen::inRange(0, Crowd::kDeeds + 1);
      if (deed < Crowd::kDeeds)
        crowd.act(deed, name, now);
      else
        host.replace_roster(*host.renewed_roster("demo", name), name, now);
      commit_all(host, now);
      crowd.carry_out_commands(now);
      commit_all(host, now);
      RC_ASSERT(host.state("demo")->sequence == host.log("demo")->newest());
      crowd.check_agreement();
      while (host.poll_ended()) continue;
    }
    host.close_all(now);
    crowd.carry_out_commands(now);
    RC_ASSERT(host.directory().quiet());
  }));
}

}  // namespace
}  // namespace bridgehall::conference

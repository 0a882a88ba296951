// What the host does while something is on its way to the disk, when it does not come there, and after a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conference/apply.h"
#include "conference/crowd_testing.h"
#include "conference/directory_testing.h"
#include "conference/host_testing.h"

namespace bridgehall::conference {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Roster make_roster() {
  Roster roster{.id = "demo", .title = "Demo", .stage = "hall"};
  const std::pair<const char*, Role> seats[] = {
      {"hall", Role::hall}, {"chair", Role::chair}, {"a", Role::site}, {"b", Role::site}};
  for (const auto& [id, role] : seats) roster.seats.push_back({.id = id, .name = id, .role = role});
  return roster;
}

class HostRecordTest : public testing::Test {
 protected:
  HostRecordTest() {
    host.add_conference(make_roster());
    commands();
  }

  Words commands() { return take_commands(host.directory()); }
  std::string greet(const std::string& seat, Role role) {
    return host.greet("demo", {role, seat}, {})->participant->session;
  }
  Admitted join(const std::string& session, bool microphone = true) {
    const auto* participant = host.find_participant(session);
    auto order = participant_order(participant->seat, participant->role);
    negotiate(host.directory(), order);
    const auto joined = host.join(session, std::move(order), microphone, true, now);
    EXPECT_TRUE(joined) << joined.error().message;
    return joined.value_or(Admitted{});
  }
  // On disk already.
  std::string seated(const std::string& seat, Role role = Role::site) {
    auto session = greet(seat, role);
    join(session);
    disk.commit_all(now);
    commands();
    return session;
  }
  Accepted ask(const SeatId& actor, const Command& command) {
    const auto accepted = host.carry_out("demo", actor, command, now);
    EXPECT_TRUE(accepted) << accepted.error().message;
    return accepted.value_or(Accepted{});
  }
  const State& state() { return *host.state("demo"); }
  const Seat& seat(const std::string& id) { return *state().find(id); }

  SeededRandom random{7};
  Host host{{}, random};
  SlowDisk disk{host};
  Moment now{TimePoint{} + 1h, WallTime{std::chrono::seconds{1'800'000'000}}};
};

// -- on its way --

TEST_F(HostRecordTest, nobody_sees_what_is_not_on_disk) {
  const auto before = state();
  const auto session = greet("a", Role::site);
  const auto joined = join(session);
  EXPECT_GT(joined.accepted.batch, host.recorded());
  EXPECT_FALSE(joined.accepted.closed);
  EXPECT_EQ(state(), before);
  EXPECT_EQ(host.log("demo")->newest(), 0u);
  ASSERT_TRUE(disk.commit_one(now));
  EXPECT_EQ(host.recorded(), joined.accepted.batch);
  EXPECT_TRUE(seat("a").present && seat("a").microphone.open);
  EXPECT_EQ(host.log("demo")->newest(), state().sequence);
  EXPECT_TRUE(host.all_recorded());
}

TEST_F(HostRecordTest, a_batch_says_who_what_and_when) {
  seated("chair", Role::chair);
  seated("a");
  ask("chair", Remove{"a"});
  const auto batch = *host.poll_batch();
  EXPECT_FALSE(host.poll_batch());
  EXPECT_EQ(batch.conference, "demo");
  ASSERT_EQ(batch.events.size(), 3u) << "both gates, and that it has left: one command, one batch";
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(batch.events[i].sequence, state().sequence + 1 + i);
    EXPECT_EQ(batch.events[i].actor, "chair");
    EXPECT_EQ(batch.events[i].at, now.wall);
  }
}

TEST_F(HostRecordTest, the_next_command_is_decided_upon_what_is_on_its_way) {
  seated("chair", Role::chair);
  ask("chair", SetLock{true});
  const auto session = greet("b", Role::site);
  EXPECT_EQ(host.may_join(session, now).error().code, RefusalCode::locked);
  EXPECT_FALSE(state().locked);
}

TEST_F(HostRecordTest, what_changes_nothing_waits_for_what_it_rests_upon) {
  seated("chair", Role::chair);
  EXPECT_EQ(ask("chair", SetLock{false}).batch, 0u);
  const auto first = ask("chair", SetLock{true});
  EXPECT_EQ(ask("chair", SetLock{true}).batch, first.batch) << "it is not locked before that is on disk";
  disk.commit_all(now);
  EXPECT_EQ(ask("chair", SetLock{true}).batch, 0u);
}

TEST_F(HostRecordTest, what_closes_acts_at_once_and_what_opens_waits) {
  seated("chair", Role::chair);
  seated("a");
  EXPECT_TRUE(ask("chair", CloseMicrophone{"a"}).closed);
  EXPECT_THAT(commands(), ElementsAre("shut 4"));
  disk.commit_all(now);
  EXPECT_FALSE(ask("chair", OpenMicrophone{"a"}).closed);
  EXPECT_THAT(commands(), IsEmpty());
  disk.commit_all(now);
  EXPECT_THAT(commands(), Contains("open 4"));
  ask("chair", SetStage{"a"});
  EXPECT_THAT(commands(), IsEmpty());
  disk.commit_all(now);
  EXPECT_THAT(commands(), Not(IsEmpty()));
  ask("chair", Remove{"a"});
  EXPECT_THAT(commands(), Contains("close 2"));
}

TEST_F(HostRecordTest, many_microphones_are_closed_at_once_and_in_one_batch) {
  seated("chair", Role::chair);
  seated("hall", Role::hall);
  seated("a");
  seated("b");
  const auto accepted = ask("chair", CloseMicrophones{"b"});
  EXPECT_TRUE(accepted.closed);
  EXPECT_THAT(commands(), ElementsAre("shut 4", "shut 7"));
  EXPECT_EQ(disk.waiting(), 1u);
  EXPECT_TRUE(seat("a").microphone.open) << "nobody is told before it is on disk";
  disk.commit_all(now);
  EXPECT_FALSE(seat("a").microphone.open || seat("hall").microphone.open);
  EXPECT_TRUE(seat("b").microphone.open && seat("chair").microphone.open);
  ask("chair", CloseMicrophones{});
  disk.fail(now);
  EXPECT_THAT(commands(), ElementsAre("shut 10")) << "closed, though it could not be written down";
  EXPECT_EQ(host.record_report("demo").unrecorded, (std::vector<UnrecordedClosing>{{ClosedThing::microphone, "b"}}));
}

TEST_F(HostRecordTest, what_was_closed_again_meanwhile_is_not_opened) {
  seated("chair", Role::chair);
  seated("a");
  ask("chair", CloseMicrophone{"a"});
  ask("chair", OpenMicrophone{"a"});
  ask("chair", CloseMicrophone{"a"});
  disk.commit_all(now);
  EXPECT_THAT(commands(), Not(Contains("open 4")));
  EXPECT_FALSE(seat("a").microphone.open);
  ask("chair", OpenMicrophone{"a"});
  ask("chair", CloseMicrophone{"a"});
  ask("chair", OpenMicrophone{"a"});
  commands();
  disk.commit_one(now);
  EXPECT_THAT(commands(), Not(Contains("open 4")));
  disk.commit_all(now);
  EXPECT_THAT(commands(), Contains("open 4"));
}

TEST_F(HostRecordTest, a_session_is_made_at_once_and_heard_when_its_coming_is_on_disk) {
  const auto session = greet("a", Role::site);
  join(session);
  EXPECT_THAT(commands(), ElementsAre("add 1", "add 2", "add 3", "rank 1:0", HasSubstr("peer 1")));
  disk.commit_all(now);
  EXPECT_THAT(commands(), ElementsAre("open 1", "open 2"));
}

// -- failures --

TEST_F(HostRecordTest, of_three_batches_the_middle_one_takes_the_third_with_it) {
  seated("chair", Role::chair);
  seated("a");
  const auto first = ask("a", Say{"one", {}});
  const auto second = ask("a", Say{"two", {}});
  const auto third = ask("chair", SetLock{true});
  disk.commit_one(now);
  EXPECT_EQ(host.recorded(), first.batch);
  disk.fail(now);
  EXPECT_TRUE(host.all_recorded()) << "nothing is tried again as it was";
  EXPECT_EQ(host.recorded(), first.batch);
  EXPECT_LT(second.batch, third.batch);
  EXPECT_EQ(state().chat.size(), 1u);
  EXPECT_FALSE(state().locked);
  const auto fourth = ask("a", Say{"three", {}});
  EXPECT_GT(fourth.batch, third.batch);
  disk.commit_all(now);
  ASSERT_EQ(state().chat.size(), 2u);
  EXPECT_EQ(state().chat[1].number, 2u) << "as if the lost one had never been";
  EXPECT_EQ(state().sequence, host.log("demo")->newest());
}

TEST_F(HostRecordTest, batches_not_handed_out_yet_are_refused_with_those_before_them) {
  seated("chair", Role::chair);
  ask("chair", Say{"one", {}});
  const auto batch = *host.poll_batch();
  ask("chair", Say{"two", {}});
  host.handle_commit_failed(batch.number, RecordTrouble::failed, now);
  EXPECT_FALSE(host.poll_batch());
  ask("chair", Say{"three", {}});
  EXPECT_EQ(host.poll_batch()->events[0].sequence, state().sequence + 1);
}

TEST_F(HostRecordTest, a_closed_microphone_stays_closed_though_it_was_not_written_down) {
  seated("chair", Role::chair);
  seated("a");
  ask("chair", CloseMicrophone{"a"});
  commands();
  disk.fail(now, RecordTrouble::read_only);
  EXPECT_THAT(commands(), IsEmpty());
  EXPECT_TRUE(seat("a").microphone.open) << "that is what the record says";
  const auto report = host.record_report("demo");
  EXPECT_EQ(report.trouble, RecordTrouble::read_only);
  EXPECT_THAT(report.unrecorded, ElementsAre(UnrecordedClosing{ClosedThing::microphone, "a"}));

  // Whoever was closed does not open it by asking for it now.
  EXPECT_EQ(host.carry_out("demo", "a", OpenMicrophone{"a"}, now).error().code, RefusalCode::needs_floor);
  disk.commit_all(now);
  EXPECT_FALSE(seat("a").microphone.open) << "written down with the next command";
  EXPECT_EQ(disk.written().back().events[0].actor, "chair");
  EXPECT_EQ(host.record_report("demo"), RecordReport{});
  EXPECT_EQ(host.next_deadline(), kNever);
}

TEST_F(HostRecordTest, closing_again_is_not_done_before_it_is_written) {
  seated("chair", Role::chair);
  seated("a");
  ask("chair", CloseMicrophone{"a"});
  disk.fail(now);
  const auto again = ask("chair", CloseMicrophone{"a"});
  EXPECT_GT(again.batch, 0u);
  EXPECT_TRUE(again.closed);
  disk.fail(now);
  EXPECT_EQ(host.record_report("demo").unrecorded.size(), 1u);
}

TEST_F(HostRecordTest, the_chair_opens_what_was_closed_without_a_record) {
  seated("chair", Role::chair);
  seated("a");
  ask("chair", CloseMicrophone{"a"});
  disk.fail(now);
  commands();
  ask("chair", OpenMicrophone{"a"});
  EXPECT_THAT(commands(), IsEmpty());
  disk.fail(now);
  EXPECT_THAT(commands(), IsEmpty()) << "not while it cannot be written down";
  ask("chair", OpenMicrophone{"a"});
  disk.commit_all(now);
  EXPECT_THAT(commands(), Contains("open 4"));
  EXPECT_TRUE(seat("a").microphone.open && seat("a").microphone.granted);
}

TEST_F(HostRecordTest, what_could_not_be_written_is_tried_again_after_a_while_without_a_command) {
  seated("chair", Role::chair);
  seated("a");
  ask("chair", SetLock{true});
  disk.fail(now);
  EXPECT_EQ(host.next_deadline(), now.monotonic + Host::kRecordAgain);
  for (int attempt = 0; attempt < 3; ++attempt) {
    now.monotonic += Host::kRecordAgain;
    host.handle_timeout(now);
    EXPECT_EQ(disk.waiting(), 1u);
    disk.fail(now);
    EXPECT_EQ(host.record_report("demo").unrecorded.size(), 1u);
  }
  now.monotonic += Host::kRecordAgain;
  host.handle_timeout(now);
  disk.commit_all(now);
  EXPECT_TRUE(state().locked);
  EXPECT_EQ(host.record_report("demo"), RecordReport{});
}

TEST_F(HostRecordTest, whoever_was_removed_without_a_record_stays_away_and_is_gone_from_it_later) {
  seated("chair", Role::chair);
  const auto session = seated("a");
  ask("chair", Remove{"a"});
  EXPECT_EQ(host.find_participant(session), nullptr);
  disk.fail(now);
  EXPECT_EQ(host.find_participant(session), nullptr);
  EXPECT_TRUE(seat("a").present);
  now.monotonic += Host::kRecordAgain;
  host.handle_timeout(now);
  disk.commit_all(now);
  EXPECT_FALSE(seat("a").present);
  EXPECT_FALSE(seat("a").admitted);
}

TEST_F(HostRecordTest, who_comes_back_while_their_going_is_not_written_is_not_sent_away_by_it) {
  seated("chair", Role::chair);
  const auto first = seated("a");
  host.leave(first, now);
  disk.fail(now);
  const auto second = greet("a", Role::site);
  join(second);
  disk.commit_all(now);
  EXPECT_TRUE(seat("a").present);
  EXPECT_NE(host.find_participant(second), nullptr);
  EXPECT_NE(host.directory().sender_of("demo", "a"), nullptr);
}

TEST_F(HostRecordTest, a_coming_that_is_not_written_down_did_not_happen) {
  const auto session = greet("a", Role::site);
  join(session);
  commands();
  disk.fail(now);
  EXPECT_THAT(commands(), Contains("close 1"));
  EXPECT_FALSE(seat("a").present);
  const auto* participant = host.find_participant(session);
  ASSERT_TRUE(participant) << "its page may try again";
  EXPECT_FALSE(participant->media || participant->joined);
  EXPECT_EQ(host.record_report("demo").unrecorded.size(), 0u);
  join(session);
  disk.commit_all(now);
  EXPECT_TRUE(seat("a").present && seat("a").microphone.open);
}

TEST_F(HostRecordTest, a_rejoin_that_changes_nothing_needs_no_disk) {
  const auto session = seated("a");
  ask("a", Say{"x", {}});
  disk.fail(now);
  const auto again = join(session);
  EXPECT_EQ(again.accepted.batch, 0u);
  EXPECT_NE(host.directory().sender_of("demo", "a"), nullptr);
}

TEST_F(HostRecordTest, a_publisher_whose_coming_is_not_written_down_is_closed) {
  const auto published = host.publish(publisher_order("a", {Role::site, "a"}), now);
  EXPECT_GT(published->accepted.batch, 0u);
  disk.fail(now);
  EXPECT_EQ(host.directory().counts().publishing, 0u);
  EXPECT_FALSE(seat("a").present);
  EXPECT_EQ(disk.waiting(), 0u);
}

TEST_F(HostRecordTest, both_gates_of_a_publication_are_one_batch) {
  host.publish(publisher_order("a", {Role::site, "a"}), now);
  disk.commit_all(now);
  const auto opened = host.set_open("demo", "a", true, now);
  EXPECT_EQ(disk.waiting(), 1u);
  EXPECT_FALSE(opened->closed);
  disk.commit_all(now);
  EXPECT_TRUE(seat("a").microphone.open && seat("a").camera.open);
}

TEST_F(HostRecordTest, when_too_much_waits_only_what_closes_is_taken) {
  seated("chair", Role::chair);
  seated("a");
  for (std::size_t i = 0; i < Host::kMaxUncommitted; ++i) ask("a", Say{"x", {}});
  EXPECT_EQ(host.carry_out("demo", "a", Say{"y", {}}, now).error().code, RefusalCode::not_recorded);
  EXPECT_GT(ask("chair", CloseMicrophone{"a"}).batch, 0u);
  disk.commit_all(now);
  EXPECT_GT(ask("a", Say{"y", {}}).batch, 0u);
}

// -- a restart --

class RestartedHostTest : public HostRecordTest {
 protected:
  // A new server with what is on the disk.
  void restart(std::size_t recent = 1000) {
    Recovered recovered{initial_state(make_roster()), {}};
    for (const auto& batch : disk.written())
      for (const auto& event : batch.events) {
        apply(recovered.state, std::as_const(event.event));
        recovered.recent.push_back(event);
      }
    if (recovered.recent.size() > recent)
      recovered.recent.erase(recovered.recent.begin(), recovered.recent.end() - static_cast<std::ptrdiff_t>(recent));
    after.add_conference(make_roster());
    after.recover(std::move(recovered), now);
  }
  const Seat& seat_after(const std::string& id) { return *after.state("demo")->find(id); }

  SeededRandom other_random{8};
  Host after{{}, other_random};
};

TEST_F(RestartedHostTest, all_is_as_it_was_but_for_the_media) {
  seated("chair", Role::chair);
  seated("a");
  ask("chair", SetStage{"a"});
  ask("chair", SetLock{true});
  ask("a", Say{"Hello", {}});
  ask("a", RaiseHand{});
  ask("chair", CloseCamera{"a"});
  ask("a", ShareSlides{true});
  disk.commit_all(now);
  auto expected = state();
  restart();
  take_commands(after.directory());
  EXPECT_EQ(*after.state("demo"), expected) << "until what follows is on disk";
  commit_all(after, now);
  for (auto& seat : expected.seats) seat.sends.clear();
  expected.slides.clear();  // they came from one of the tracks that are gone
  expected.sequence = after.state("demo")->sequence;
  EXPECT_EQ(*after.state("demo"), expected);
  EXPECT_TRUE(after.log("demo")->reaches(0));
  EXPECT_TRUE(after.directory().publication("demo", "a")->microphone_open);
  EXPECT_FALSE(after.directory().publication("demo", "a")->camera_open);
}

TEST_F(RestartedHostTest, a_page_gets_its_seat_back_and_who_does_not_come_departs) {
  const auto session = seated("a");
  seated("b");
  restart();
  commit_all(after, now);
  now.monotonic += Host::kGraceAfterRestart - 1ms;
  after.handle_timeout(now);
  const auto greeting = after.greet("demo", {Role::site, "a"}, session);
  ASSERT_TRUE(greeting);
  EXPECT_TRUE(greeting->resumed);
  EXPECT_EQ(greeting->participant->session, session);
  EXPECT_FALSE(greeting->participant->media);
  EXPECT_FALSE(after.poll_ended());
  now.monotonic += 1h;
  after.handle_timeout(now);
  commit_all(after, now);
  EXPECT_TRUE(seat_after("a").present && seat_after("a").microphone.open);
  EXPECT_FALSE(seat_after("b").present);
  EXPECT_FALSE(after.greet("demo", {Role::site, "b"}, session)->resumed) << "that is another seat's";
}

TEST_F(RestartedHostTest, a_session_that_is_none_is_not_resumed) {
  seated("a");
  restart();
  EXPECT_FALSE(after.greet("demo", {Role::site, "a"}, "anything")->resumed);
  const auto second = after.greet("demo", {Role::site, "a"}, std::string(32, 'a'));
  EXPECT_FALSE(second->resumed) << "another page sits there now";
}

TEST_F(RestartedHostTest, seats_that_were_added_to_the_roster_are_told_and_renamed_ones_need_a_snapshot) {
  seated("a");
  Recovered recovered{*host.state("demo"), {}};
  for (const auto& batch : disk.written())
    recovered.recent.insert(recovered.recent.end(), batch.events.begin(), batch.events.end());
  auto roster = make_roster();
  roster.seats.push_back({.id = "new", .name = "New", .place = "Room 4", .role = Role::site});
  after.add_conference(roster);
  after.recover(recovered, now);
  EXPECT_TRUE(after.log("demo")->reaches(0));
  commit_all(after, now);
  EXPECT_EQ(seat_after("new").name, "New");
  EXPECT_EQ(seat_after("new").place, "Room 4");
  roster.seats[2].name = "Another name";
  roster.seats[2].place = "Room 3";
  roster.time_zone = "Europe/Paris";
  Host third{{}, other_random};
  third.add_conference(roster);
  third.recover(recovered, now);
  EXPECT_EQ(third.state("demo")->find("a")->name, "Another name");
  EXPECT_EQ(third.state("demo")->find("a")->place, "Room 3");
  EXPECT_EQ(third.state("demo")->time_zone, "Europe/Paris");
  EXPECT_FALSE(third.log("demo")->reaches(recovered.state.sequence - 1));
  EXPECT_FALSE(third.log("demo")->resumes(recovered.state.sequence)) << "it has the old name";
  EXPECT_TRUE(third.log("demo")->reaches(recovered.state.sequence)) << "who was told the new one goes on from there";
}

TEST_F(RestartedHostTest, a_log_that_does_not_follow_is_left_out) {
  seated("a");
  Recovered recovered{*host.state("demo"), {{.sequence = 1, .event = Joined{"a"}}}};
  after.add_conference(make_roster());
  after.recover(recovered, now);
  EXPECT_FALSE(after.log("demo")->reaches(0));
  EXPECT_EQ(after.log("demo")->newest(), recovered.state.sequence);
}

// Whatever is asked while the disk is slow, full and well again: what is told is the fold of what is written, media are
// open only where the record says so, what was closed stays closed until the record says that it was opened after that,
// and in the end media and record agree.
TEST(HostRecordProperties, the_record_is_all_that_is_told_and_more_than_it_is_never_open) {
  EXPECT_TRUE(rc::check([] {
    SeededRandom random{*rc::gen::arbitrary<std::uint64_t>()};
    Host host({}, random);
    const auto roster = make_roster();
    host.add_conference(roster);
    SlowDisk disk(host);
    Moment now{TimePoint{} + 1h, {}};
    Crowd crowd(host, 3s);
    const auto check = [&] {
      auto fold = initial_state(roster);
      for (const auto& batch : disk.written())
        for (const auto& event : batch.events) apply(fold, std::as_const(event.event));
      RC_ASSERT(*host.state("demo") == fold);
      RC_ASSERT(host.log("demo")->newest() == fold.sequence);
      for (const auto& gate : crowd.gates()) RC_ASSERT(!gate.open || gate.allowed);
    };
    // Whatever was closed and is on its way to the disk, or did not come there.
    const auto check_closed = [&] {
      std::set<std::pair<TrackUse, SeatId>> closed;
      for (const auto& batch : disk.taken()) {
        for (const auto& [sequence, at, actor, event] : batch.events) {
          if (!closes(event)) continue;
          if (const auto* e = std::get_if<MicrophoneChanged>(&event)) closed.emplace(TrackUse::microphone, e->seat);
          if (const auto* e = std::get_if<CameraChanged>(&event)) closed.emplace(TrackUse::camera, e->seat);
        }
      }
      for (const auto& [what, seat] : host.record_report("demo").unrecorded) {
        if (what == ClosedThing::microphone) closed.emplace(TrackUse::microphone, seat);
        if (what == ClosedThing::camera) closed.emplace(TrackUse::camera, seat);
      }
      for (const auto& gate : crowd.gates()) RC_ASSERT(!gate.open || !closed.contains({gate.use, gate.seat}));
    };
    const int steps = *rc::gen::inRange(1, 80);
    for (int step = 0; step < steps; ++step) {
      const auto name = *rc::gen::element<std::string>("a", "b", "hall", "chair");
      const bool yes = *rc::gen::arbitrary<bool>();
      const int deed = *rc::gen::inRange(0, Crowd::kDeeds + 8);
      switch (deed - Crowd::kDeeds) {
        case 0:
          (void)host.carry_out("demo", name, yes ? Command(CloseCamera{name}) : Command(OpenCamera{name}), now);
          break;
        case 1:
          (void)host.carry_out("demo", "chair", yes ? Command(SetLock{step % 3 == 0}) : Command(SetStage{name}), now);
          break;
        case 2:
        case 3:
          disk.take();
          break;
        case 4:
        case 5:
          disk.commit_one(now);
          break;
        case 6:
          disk.fail(now);
          break;
        case 7:
          (void)host.carry_out("demo", "chair", CloseMicrophones{yes ? name : SeatId{}}, now);
          (void)host.carry_out("demo", "chair", SetLayout{yes ? Layout::mosaic : Layout::speaker}, now);
          break;
        default:
          crowd.act(deed, name, now);
      }
      crowd.carry_out_commands(now);
      check();
      check_closed();
      while (host.poll_ended()) continue;
    }
    // The disk is well again.
    for (int round = 0; round < 3; ++round) {
      disk.commit_all(now);
      crowd.carry_out_commands(now);
      now.monotonic += Host::kRecordAgain;
      host.handle_timeout(now);
    }
    disk.commit_all(now);
    crowd.carry_out_commands(now);
    check();
    crowd.check_agreement();
    RC_ASSERT(host.record_report("demo").unrecorded.empty());
  }));
}

}  // namespace
}  // namespace bridgehall::conference

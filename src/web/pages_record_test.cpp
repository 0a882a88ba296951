// What pages and requests are told while the record is slow, in trouble, or of a server before.
#include "conference/apply.h"
#include "web/fake_journal.h"
#include "web/pages_testing.h"

namespace bridgehall::web {
namespace {

using messages::RefusalCode;
using Kinds = std::vector<std::string_view>;

class PagesRecordTest : public PagesTest {
 protected:
  PagesRecordTest() {
    journal = &disk;
    restart_server();
  }

  void commit() {
    disk.commit_all();
    control->handle_events(moment());
  }
  void fail(conference::RecordTrouble why = conference::RecordTrouble::disk_full) {
    EXPECT_TRUE(disk.fail(why));
    control->handle_events(moment());
  }
  // On disk already.
  TestPage settled(const std::string& seat) {
    auto page = greeted(seat);
    join(page);
    commit();
    EXPECT_TRUE(find<messages::Answer>(page.read(moment())));
    return page;
  }
  Request publishing(const std::string& seat) {
    return request("POST", "/whip/demo/" + seat, seat_token("mod"), "application/sdp", sdp("chromium_publisher"));
  }
  Request opening(const std::string& seat, const char* body = R"({"open": true})") {
    return request("PATCH", "/api/conferences/demo/publications/" + seat, seat_token("mod"), "application/json", body);
  }
  std::optional<Response> late() {
    std::optional<Response> response;
    while (auto answer = control->poll_answer()) response = std::move(answer->response);
    return response;
  }

  FakeJournal disk;
};

TEST_F(PagesRecordTest, a_command_is_done_when_it_is_on_disk_and_not_before) {
  auto chair = settled("chair");
  auto a = settled("a");
  chair.read(moment());
  EXPECT_EQ(kinds(said(chair, messages::SetStage{1, "a"})), Kinds{});
  EXPECT_EQ(kinds(a.read(moment())), Kinds{});
  commit();
  EXPECT_EQ(kinds(chair.read(moment())), (Kinds{"happened", "done", "slots"}));
  EXPECT_EQ(kinds(a.read(moment())).front(), "happened");
}

TEST_F(PagesRecordTest, answers_keep_their_order_and_a_pong_does_not_wait) {
  auto chair = settled("chair");
  EXPECT_EQ(kinds(said(chair, messages::Chat{1, "One", messages::Audience::everyone})), Kinds{});
  EXPECT_EQ(kinds(said(chair, messages::Remove{2, "nobody"})), Kinds{});
  EXPECT_EQ(kinds(said(chair, messages::Ping{})), Kinds{"pong"});
  said(chair, messages::Chat{3, "Two", messages::Audience::everyone});
  disk.commit_one();
  control->handle_events(moment());
  EXPECT_EQ(kinds(chair.read(moment())), (Kinds{"happened", "done", "refused"}));
  commit();
  EXPECT_EQ(kinds(chair.read(moment())), (Kinds{"happened", "done"}));
}

TEST_F(PagesRecordTest, of_three_commands_the_failure_of_the_second_refuses_two) {
  auto chair = settled("chair");
  for (std::uint32_t id = 1; id <= 3; ++id) said(chair, messages::Chat{id, "Word", messages::Audience::everyone});
  disk.commit_one();
  fail();
  const auto all = chair.read(moment());
  EXPECT_EQ(kinds(all), (Kinds{"happened", "done", "refused", "refused", "recording_trouble"}));
  EXPECT_EQ(refusal(all), RefusalCode::not_recorded);
  EXPECT_EQ(find<messages::Done>(all)->id, 1u);
  said(chair, messages::Chat{4, "Word", messages::Audience::everyone});
  commit();
  const auto after = chair.read(moment());
  EXPECT_EQ(kinds(after), (Kinds{"happened", "done", "recording_trouble"}));
  EXPECT_FALSE(find<messages::RecordingTrouble>(after)->trouble) << "it is over";
  expect_in_step(chair);
}

TEST_F(PagesRecordTest, what_closes_takes_effect_and_its_answer_says_that_it_is_not_recorded) {
  auto chair = settled("chair");
  auto a = settled("a");
  chair.read(moment());
  a.read(moment());
  said(chair, messages::CloseMicrophone{1, "a"});
  EXPECT_FALSE(core.last<media::SetGate>()->open);
  fail(conference::RecordTrouble::read_only);
  const auto all = chair.read(moment());
  EXPECT_EQ(kinds(all), (Kinds{"refused", "recording_trouble"}));
  EXPECT_EQ(refusal(all), RefusalCode::closed_not_recorded);
  const auto& told = *find<messages::RecordingTrouble>(all);
  EXPECT_EQ(told.trouble, messages::RecordTrouble::read_only);
  ASSERT_EQ(told.unrecorded.size(), 1u);
  EXPECT_EQ(told.unrecorded[0].what, messages::ClosedThing::microphone);
  EXPECT_EQ(told.unrecorded[0].seat, "a");
  EXPECT_EQ(kinds(a.read(moment())), Kinds{}) << "the record has nothing of it";
  auto moderator = greeted("mod");
  EXPECT_EQ(control->next_deadline(), now + conference::Host::kRecordAgain);
  now += conference::Host::kRecordAgain;
  control->handle_timeout(moment());
  commit();
  EXPECT_EQ(kinds(chair.read(moment())), (Kinds{"happened", "recording_trouble"}));
  EXPECT_EQ(kinds(a.read(moment())), (Kinds{"happened", "may_changed"}));
  EXPECT_FALSE(core.last<media::SetGate>()->open);
}

TEST_F(PagesRecordTest, who_comes_while_there_is_trouble_is_told_if_they_lead) {
  auto a = settled("a");
  said(a, messages::RaiseHand{1, {}});
  fail();
  EXPECT_EQ(kinds(a.read(moment())), Kinds{"refused"});
  auto chair = open();
  chair.say(hello("chair"), moment());
  EXPECT_TRUE(find<messages::RecordingTrouble>(chair.read(moment())));
}

TEST_F(PagesRecordTest, a_join_waits_for_the_media_core_and_for_the_disk) {
  auto page = greeted("a");
  core.willing = false;
  EXPECT_EQ(kinds(join(page)), Kinds{});
  core.say(media::PeerCreated{media::PeerId{1}});
  control->handle_events(moment());
  EXPECT_EQ(kinds(page.read(moment())), Kinds{});
  commit();
  EXPECT_EQ(kinds(page.read(moment())), (Kinds{"happened", "happened", "happened", "happened", "answer", "slots"}));

  auto other = greeted("b");
  join(other);
  commit();
  EXPECT_FALSE(find<messages::Answer>(other.read(moment()))) << "the other way round";
  core.say(media::PeerCreated{media::PeerId{2}});
  control->handle_events(moment());
  EXPECT_TRUE(find<messages::Answer>(other.read(moment())));
}

TEST_F(PagesRecordTest, a_join_that_is_not_recorded_is_refused_and_can_be_tried_again) {
  auto page = greeted("a");
  for (const bool willing : {true, false}) {
    core.willing = willing;
    const auto closed = core.count<media::ClosePeer>();
    join(page);
    fail();
    const auto all = page.read(moment());
    EXPECT_EQ(refusal(all), RefusalCode::not_recorded);
    EXPECT_EQ(count<messages::Refused>(all), 1u);
    EXPECT_EQ(core.count<media::ClosePeer>(), closed + 1);
  }
  core.willing = true;
  join(page);
  commit();
  EXPECT_TRUE(find<messages::Answer>(page.read(moment())));
  EXPECT_TRUE(seen(page, "a").present);
}

TEST_F(PagesRecordTest, a_snapshot_shows_what_is_on_disk) {
  auto chair = settled("chair");
  said(chair, messages::SetStage{1, "chair"});
  auto page = greeted("b");
  EXPECT_EQ(page.mirror.conference.stage, "hall");
  commit();
  EXPECT_EQ(kinds(page.read(moment())), Kinds{"happened"});
  EXPECT_EQ(page.mirror.conference.stage, "chair");
}

TEST_F(PagesRecordTest, who_leaves_is_let_go_when_that_is_on_disk) {
  for (const bool written : {true, false}) {
    auto a = settled("a");
    EXPECT_EQ(kinds(said(a, messages::Leave{9})), Kinds{});
    EXPECT_FALSE(a.end());
    EXPECT_EQ(kinds(said(a, messages::Ping{})), Kinds{}) << "it has said goodbye";
    written ? commit() : fail();
    EXPECT_EQ(kinds(a.read(moment())), Kinds{written ? "done" : "refused"});
    ASSERT_TRUE(a.end());
    EXPECT_EQ(a.end()->code, 1000);
    control->close_link(a.link(), moment());
  }
}

TEST_F(PagesRecordTest, a_page_that_goes_before_its_answer_leaves_nothing_behind) {
  auto chair = settled("chair");
  said(chair, messages::Chat{1, "Word", messages::Audience::everyone});
  control->close_link(chair.link(), moment());
  commit();
  auto again = settled("a");
  said(again, messages::Chat{1, "Word", messages::Audience::everyone});
  control->close_link(again.link(), moment());
  fail();
  EXPECT_TRUE(control->host().all_recorded());
}

TEST_F(PagesRecordTest, a_journal_that_takes_no_more_is_given_the_rest_later) {
  auto chair = settled("chair");
  disk.full = true;
  said(chair, messages::Chat{1, "One", messages::Audience::everyone});
  said(chair, messages::Chat{2, "Two", messages::Audience::everyone});
  EXPECT_EQ(disk.waiting(), 0u);
  disk.full = false;
  control->handle_events(moment());
  EXPECT_EQ(disk.waiting(), 2u);
  commit();
  EXPECT_EQ(kinds(chair.read(moment())), (Kinds{"happened", "happened", "done", "done"}));
}

TEST_F(PagesRecordTest, a_publishers_answer_waits_for_the_disk) {
  EXPECT_FALSE(try_ask(publishing("a")));
  EXPECT_FALSE(core.count<media::SetGate>());
  commit();
  const auto created = late();
  ASSERT_TRUE(created);
  EXPECT_EQ(created->status, 201);
  EXPECT_TRUE(core.last<media::SetGate>()->open);
  for (const bool willing : {true, false}) {
    core.willing = willing;
    EXPECT_FALSE(try_ask(publishing("b")));
    fail();
    const auto refused = late();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(problem(*refused)["type"], "urn:bridgehall:problem:not-recorded");
    EXPECT_NE(header(*refused, "Retry-After"), "");
    EXPECT_EQ(header(*refused, "Access-Control-Allow-Origin"), "*");
  }
}

TEST_F(PagesRecordTest, a_changed_publication_is_answered_as_it_is_then) {
  try_ask(publishing("a"));
  commit();
  late();
  EXPECT_FALSE(try_ask(opening("a", R"({"open": false})")));
  EXPECT_FALSE(core.last<media::SetGate>()->open);
  fail();
  const auto refused = late();
  ASSERT_TRUE(refused);
  EXPECT_EQ(problem(*refused)["type"], "urn:bridgehall:problem:closed-not-recorded");
  EXPECT_FALSE(try_ask(opening("a")));
  commit();
  const auto opened = late();
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->status, 200);
  EXPECT_TRUE(nlohmann::json::parse(opened->body)["open"].get<bool>());
}

TEST_F(PagesRecordTest, stopping_waits_until_all_is_on_disk_and_keeps_the_seats) {
  auto a = settled("a");
  said(a, messages::RaiseHand{1, {}});
  control->drain(moment());
  control->handle_events(moment());
  EXPECT_FALSE(control->drained());
  commit();
  EXPECT_TRUE(control->drained());
  EXPECT_TRUE(control->host().state("demo")->find("a")->present) << "for who comes back to the next server";
}

// -- another server --

class RestartedPagesTest : public PagesRecordTest {
 protected:
  // A new server with what is on the disk; of what it does at first nothing is there yet.
  void restart_with_record() {
    const auto roster = *control->host().roster("demo");
    conference::Recovered recovered{conference::initial_state(roster), {}};
    for (const auto& batch : disk.written())
      for (const auto& event : batch.events) {
        conference::apply(recovered.state, event.event);
        recovered.recent.push_back(event);
      }
    restart_server();
    control->recover({std::move(recovered)}, moment());
  }
};

TEST_F(RestartedPagesTest, a_page_goes_on_where_it_was) {
  auto chair = settled("chair");
  auto a = settled("a");
  chair.read(moment());
  a.read(moment());
  said(a, messages::Chat{1, "Word", messages::Audience::everyone});
  commit();
  restart_with_record();
  now += 59s;
  auto back = open();
  back.mirror = a.mirror;
  back.say(hello("a", messages::Resume{a.session, a.mirror.sequence}), moment());
  auto all = back.read(moment());
  EXPECT_EQ(kinds(all), (Kinds{"welcome", "happened", "speaking"})) << "the word that it had not heard";
  EXPECT_TRUE(find<messages::Welcome>(all)->resumed);
  EXPECT_FALSE(find<messages::Welcome>(all)->joined);
  EXPECT_EQ(back.session, a.session);
  commit();
  all = back.read(moment());
  EXPECT_TRUE(seen(back, "a").sends.empty());
  EXPECT_TRUE(seen(back, "a").microphone.open);
  join(back);
  commit();
  EXPECT_TRUE(find<messages::Answer>(back.read(moment())));
  EXPECT_TRUE(seen(back, "a").microphone.open) << "it was never told that it had gone";
  now += 2s;
  control->handle_timeout(moment());
  commit();
  back.read(moment());
  EXPECT_TRUE(seen(back, "a").present);
  EXPECT_FALSE(seen(back, "chair").present) << "it did not come back within the minute";
  expect_in_step(back);
}

TEST_F(RestartedPagesTest, two_restarts_in_a_row_are_one_to_a_page) {
  auto a = settled("a");
  restart_with_record();
  commit();
  restart_with_record();
  commit();
  auto back = open();
  back.mirror = a.mirror;
  back.say(hello("a", messages::Resume{a.session, a.mirror.sequence}), moment());
  EXPECT_TRUE(find<messages::Welcome>(back.read(moment()))->resumed);
  expect_in_step(back);
}

}  // namespace
}  // namespace bridgehall::web

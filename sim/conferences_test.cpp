// Directed runs of a whole conference: one behaviour each, in virtual time, with model pages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/conference_testing.h"

namespace bridgehall::sim {
namespace {

TEST_F(Conferences, EveryoneWhoComesIsThereAndFollows) {
  start_all();
  simulation_.run_for(1s);
  check_all();
  for (const auto& page : simulation_.pages())
    for (const auto& seat : page->mirror().conference.seats) EXPECT_TRUE(seat.present) << seat.id;
}

// -- bounds --

TEST_F(Conferences, OfAClosedMicrophoneAtMostOneMorePacketArrives) {
  start_all();
  auto& speaker = page("site-1");
  speaker.set_voice(20);
  ASSERT_TRUE(simulation_.run_until([&] { return all_hear("site-1", simulation_.now() - 100ms); }, 1s));
  simulation_.run_for(1s);
  chair().ask(messages::CloseMicrophone{.seat = "site-1"});
  ASSERT_TRUE(simulation_.run_until([&] { return !seat("site-1").microphone.open; }, 1s));
  std::map<std::string, std::uint64_t> before;
  const auto number = speaker.setup().number;
  for (const auto& page : simulation_.pages()) before[page->setup().seat] = page->media()->heard_packets(number);
  simulation_.run_for(2s);
  for (const auto& page : simulation_.pages())
    EXPECT_LE(page->media()->heard_packets(number), before[page->setup().seat] + 1) << page->setup().seat;
  check_all();
}

TEST_F(Conferences, EveryoneSeesAnotherStageWithinASecondBeginningWithAKeyframe) {
  for (const auto& page : simulation_.pages()) simulation_.set_lines(*page, {.delay = 60ms}, {.delay = 60ms});
  start_all();
  simulation_.run_for(1s);
  for (const auto* next : {"site-1", "site-2", "hall", "site-1"}) {
    const auto since = simulation_.now();
    chair().ask(messages::SetStage{.seat = next});
    EXPECT_TRUE(simulation_.run_until([&] { return all_see_stage(next, since); }, 1s)) << next;
    simulation_.run_for(200ms);
  }
  check_all();
}

TEST_F(Conferences, ALoudSpeakerIsHeardByAllWithinHalfASecondThoughThreeSpeakAlready) {
  start_all();
  for (const auto* low : {"site-1", "site-2", "delegate-1"}) page(low).set_voice(45);
  simulation_.run_for(3s);
  const auto since = simulation_.now();
  page("site-3").set_voice(10);
  EXPECT_TRUE(simulation_.run_until([&] { return all_hear("site-3", since); }, 500ms));
  for (const auto& page : simulation_.pages()) EXPECT_LE(page->speaking().size(), 3u);
}

class LargeConferences : public Conferences {
 protected:
  LargeConferences() : Conferences({.seed = 50, .sites = 50, .delegates = 4}) {}
};

TEST_F(LargeConferences, AllAreBackFiveSecondsAfterTheServerWasStartedAgain) {
  start_all();
  simulation_.run_for(500ms);
  simulation_.kill_server();
  simulation_.run_for(1s);
  simulation_.start_server();
  EXPECT_TRUE(simulation_.run_until([&] { return all_settled(); }, 5s));
  simulation_.run_for(500ms);
  for (const auto& seat : simulation_.server().state().seats) EXPECT_FALSE(seat.microphone.open) << seat.id;
  check_all();
}

// -- connections --

TEST_F(Conferences, ASocketThatBreaksIsResumedAndMediaGoOn) {
  start_all();
  auto* const media = page("site-1").media();
  for (const auto how : {Break::both, Break::page, Break::server, Break::nobody}) {
    const auto resumed = page("site-1").resumed();
    simulation_.break_socket(page("site-1"), how);
    chair().ask(messages::Chat{.text = "one"});
    chair().ask(messages::SetStage{.seat = how == Break::page ? "hall" : "site-2"});
    simulation_.run_for(8s);
    EXPECT_EQ(page("site-1").resumed(), resumed + 1) << static_cast<int>(how);
    EXPECT_EQ(page("site-1").media(), media);
    EXPECT_TRUE(seat("site-1").present);
    check_all();
  }
}

TEST_F(Conferences, APageThatIsLostIsGoneAfterItsTimeOfGrace) {
  start_all();
  simulation_.break_socket(page("site-1"), Break::nobody);
  page("site-1").vanish();
  simulation_.run_for(ConferenceSimulation::kServerPatience + conference::Host::kGrace + 2s);
  EXPECT_FALSE(seat("site-1").present);
  check_all();
}

TEST_F(Conferences, APageThatComesAgainTakesItsSeatOver) {
  start_all();
  simulation_.break_socket(page("site-1"), Break::nobody);
  page("site-1").vanish();
  simulation_.run_for(100ms);
  page("site-1").start();
  simulation_.run_for(2s);
  EXPECT_TRUE(page("site-1").settled());
  simulation_.run_for(30s);
  EXPECT_TRUE(page("site-1").settled()) << "what was left of the first one has ended, and nothing else";
  EXPECT_TRUE(seat("site-1").present);
  check_all();
}

TEST_F(Conferences, PagesComeBackFromAServerThatIsStopped) {
  start_all();
  simulation_.drain_server();
  simulation_.run_for(500ms);
  EXPECT_EQ(simulation_.server().media().counters().peers, 0u);
  simulation_.kill_server();
  simulation_.start_server();
  EXPECT_TRUE(simulation_.run_until([&] { return all_settled(); }, 5s));
}

TEST_F(Conferences, AnAddressThatChangesIsFollowed) {
  start_all();
  page("site-1").set_voice(20);
  for (const bool noticed : {true, false}) {
    simulation_.move(page("site-1"), noticed);
    const auto since = simulation_.now();
    EXPECT_TRUE(simulation_.run_until([&] { return all_hear("site-1", since); }, 7s)) << noticed;
    simulation_.run_for(1s);
    EXPECT_TRUE(page("site-1").settled());
  }
  check_all();
}

TEST_F(LargeConferences, APageThatReadsTooSlowlyIsCutToASnapshot) {
  start_all();
  simulation_.run_for(500ms);
  auto& slow = page("site-1");
  const auto snapshots = slow.snapshots();
  simulation_.stall(slow, true);
  for (int round = 0; round < 30; ++round) {
    for (const auto& page : simulation_.pages())
      page->ask(messages::RaiseHand{.kind = static_cast<messages::HandKind>(round % 4)});
    simulation_.run_for(50ms);
  }
  ASSERT_GT(simulation_.history(simulation_.life()).size(), slow.mirror().sequence + conference::EventLog::kCapacity);
  simulation_.stall(slow, false);
  simulation_.run_for(1s);
  EXPECT_EQ(slow.snapshots(), snapshots + 1);
  check_all();
}

// -- rules --

TEST_F(Conferences, AMirrorForgetsNoMessageThatTheConferenceRemembers) {
  start_all();
  for (int round = 0; round < 130; ++round) {
    for (const auto* seat : {"site-1", "site-2", "delegate-1"})
      page(seat).ask(messages::Chat{.text = fmt::format("word {}", round),
                                    .to = round % 3 == 0 ? messages::Audience::chair : messages::Audience::everyone});
    simulation_.run_for(100ms);
  }
  check_all();
}

TEST_F(Conferences, WhoIsRemovedIsNeitherSeenNorHeardAndMayComeBack) {
  start_all();
  page("site-1").set_voice(20);
  chair().ask(messages::SetStage{.seat = "site-1"});
  simulation_.run_for(1s);
  chair().ask(messages::Remove{.seat = "site-1"});
  simulation_.run_for(1s);
  EXPECT_EQ(page("site-1").state(), ModelPage::State::over);
  EXPECT_FALSE(seat("site-1").present);
  check_all();
  page("site-1").start();
  simulation_.run_for(2s);
  EXPECT_TRUE(page("site-1").settled());
  EXPECT_FALSE(seat("site-1").microphone.open) << "the chair has closed it";
  check_all();
}

TEST_F(Conferences, NobodyNewComesIntoALockedConference) {
  start_all();
  page("site-1").leave();
  chair().ask(messages::Lock{.locked = true});
  simulation_.run_for(500ms);
  chair().ask(messages::Remove{.seat = "site-2"});
  simulation_.run_for(500ms);
  page("site-1").start();
  page("site-2").start();
  simulation_.run_for(2s);
  EXPECT_TRUE(page("site-1").settled()) << "it was there before";
  EXPECT_FALSE(seat("site-2").present);
  chair().ask(messages::Lock{});
  simulation_.run_for(5s);
  EXPECT_TRUE(page("site-2").settled());
  check_all();
}

TEST_F(Conferences, ALineThatWasBadCarriesEverythingAgain) {
  start_all();
  page("hall").demand({{"site-1", messages::Quality::high}, {"site-2", messages::Quality::high}});
  chair().ask(messages::SetStage{.seat = "site-3"});
  simulation_.run_for(3s);
  check_all();
  simulation_.set_lines(page("hall"), {}, {.loss = 0.35});
  simulation_.run_for(6s);
  simulation_.set_lines(page("hall"), {}, {});
  simulation_.run_for(60s);
  probe_.check_tiles();
  for (const auto& [number, told] : page("hall").told())
    EXPECT_NE(told.content.state, messages::SlotState::line) << number;
  check_all();
}

}  // namespace
}  // namespace bridgehall::sim

// What happens to people on the way, one fault at a time, in virtual time and with three media shards: addresses
// change, machines sleep, lines and the server break. Each with the time after which all must be well again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/conference_testing.h"

namespace bridgehall::sim {
namespace {

constexpr Duration kDelay = 40ms;
constexpr Duration kRoundTrip = 2 * kDelay;
constexpr Duration kLongestCheckInterval = 6s;  // of consent (RFC 7675 section 5.1)
constexpr Duration kBackBound = 10s;            // for whoever has to come in anew

class Faults : public Conferences {
 protected:
  Faults() : Faults(ConferenceOptions{.shards = 3}) {}
  explicit Faults(const ConferenceOptions& options) : Conferences(options) {
    for (const auto& page : simulation_.pages()) simulation_.set_lines(*page, {.delay = kDelay}, {.delay = kDelay});
  }

  // Site 1 and the chair talk to each other, and hear it.
  void begin_talk() {
    start_all();
    for (const auto* seat : {"chair", "site-1"}) page(seat).set_voice(20);
    ASSERT_TRUE(simulation_.run_until(
        [&] {
          return hears("site-1", "chair", simulation_.now() - 500ms) && hears("chair", "site-1", TimePoint{} + 1ms);
        },
        2s));
    simulation_.run_for(500ms);
  }
  // `listener` has heard what `speaker` said after `since`.
  bool hears(std::string_view listener, std::string_view speaker, TimePoint since) {
    const auto* media = page(listener).media();
    return media != nullptr && media->heard_of(page(speaker).setup().number) > since;
  }
  // Something of the chair's voice comes to site 1 again, and something that site 1 says from now on is heard.
  bool talk_goes_on_within(Duration bound) {
    const auto since = simulation_.now();
    const auto chair_number = chair().setup().number;
    const auto* media = page("site-1").media();
    const auto heard = media != nullptr ? media->heard_packets(chair_number) : 0;
    return simulation_.run_until(
        [&] {
          const auto* now = page("site-1").media();
          return now != nullptr && (now != media || now->heard_packets(chair_number) > heard) &&
                 hears("site-1", "chair", since - kRoundTrip) && hears("chair", "site-1", since);
        },
        bound);
  }
  bool has_left(std::string_view seat) {
    const auto& history = simulation_.history(simulation_.life());
    return std::any_of(history.begin(), history.end(), [&](const conference::Event& event) {
      const auto* left = std::get_if<conference::Left>(&event);
      return left != nullptr && left->seat == seat;
    });
  }
  std::uint32_t peers() { return simulation_.server().media().counters().peers; }
};

// -- addresses --

TEST_F(Faults, ARebindingThatIsNoticedInterruptsForARoundTripAndAFifthOfASecondAtMost) {
  begin_talk();
  auto* const media = page("site-1").media();
  for (int round = 0; round < 5; ++round) {
    simulation_.move(page("site-1"), true);
    EXPECT_TRUE(talk_goes_on_within(kRoundTrip + 200ms)) << round;
    simulation_.run_for(700ms);
  }
  EXPECT_EQ(page("site-1").media(), media);
  check_all();
}

TEST_F(Faults, ARebindingThatNobodyNoticesLastsUntilTheNextCheck) {
  begin_talk();
  auto* const media = page("site-1").media();
  for (int round = 0; round < 3; ++round) {
    simulation_.move(page("site-1"), false);
    EXPECT_TRUE(talk_goes_on_within(kLongestCheckInterval + kRoundTrip + 200ms)) << round;
    simulation_.run_for(700ms);
  }
  EXPECT_EQ(page("site-1").media(), media);
  EXPECT_FALSE(has_left("site-1"));
  check_all();
}

TEST_F(Faults, AnIceRestartBringsMediaBackWithinTwoSeconds) {
  begin_talk();
  auto* const media = page("site-1").media();
  simulation_.move(page("site-1"), false);
  simulation_.run_for(300ms);
  page("site-1").path_broke();
  EXPECT_TRUE(talk_goes_on_within(2s));
  EXPECT_EQ(page("site-1").media(), media);
  check_all();
}

TEST_F(Faults, AnIceRestartOverALineThatLosesAThirdStillComesThrough) {
  begin_talk();
  auto* const media = page("site-1").media();
  const LinkSettings lossy{.delay = kDelay, .bursts = {.begins = 0.1, .ends = 0.2}};
  simulation_.set_lines(page("site-1"), lossy, lossy);
  simulation_.move(page("site-1"), false);
  page("site-1").path_broke();
  EXPECT_TRUE(talk_goes_on_within(4s));
  EXPECT_EQ(page("site-1").media(), media);
}

TEST_F(Faults, FromOneNetworkToAnotherOnlyTheSocketIsOpenedAnew) {
  begin_talk();
  auto* const media = page("site-1").media();
  simulation_.break_socket(page("site-1"), Break::nobody);
  simulation_.move(page("site-1"), true);
  EXPECT_TRUE(talk_goes_on_within(kRoundTrip + 200ms));
  simulation_.run_for(kBackBound);
  EXPECT_EQ(page("site-1").resumed(), 1u);
  EXPECT_EQ(page("site-1").media(), media);
  EXPECT_FALSE(has_left("site-1"));
  check_all();
}

// -- sleep --

TEST_F(Faults, WhoSleptForTwentySecondsIsBackAtOnce) {
  begin_talk();
  simulation_.fall_asleep(page("site-1"));
  simulation_.run_for(20s);
  EXPECT_FALSE(has_left("site-1"));
  simulation_.wake(page("site-1"));
  EXPECT_TRUE(talk_goes_on_within(kBackBound));
  EXPECT_TRUE(simulation_.run_until([&] { return page("site-1").settled(); }, kBackBound));
  simulation_.run_for(3s);
  EXPECT_FALSE(has_left("site-1"));
  check_all();
}

// Its seat was given up, its session is closed and its router has forgotten it.
TEST_F(Faults, WhoSleptForFiveMinutesComesInAnewByItself) {
  begin_talk();
  simulation_.fall_asleep(page("site-1"));
  simulation_.run_for(5min);
  EXPECT_FALSE(seat("site-1").present);
  EXPECT_EQ(peers(), simulation_.pages().size() - 1);
  simulation_.move(page("site-1"), false);
  simulation_.wake(page("site-1"));
  EXPECT_TRUE(simulation_.run_until([&] { return page("site-1").settled() && seat("site-1").present; }, kBackBound));
  const auto since = simulation_.now();
  EXPECT_TRUE(simulation_.run_until([&] { return hears("site-1", "chair", since); }, 2s));
  simulation_.run_for(3s);
  EXPECT_EQ(peers(), simulation_.pages().size());
  check_all();
}

// -- sessions that are begun and never used --

TEST_F(Faults, ASessionThatNeverConnectsIsGoneInTimeAndOneAtMostIsKeptOfASeat) {
  start_all();
  auto& page_of_site = page("site-1");
  page_of_site.leave();
  simulation_.run_for(1s);
  const auto others = peers();
  simulation_.cut(page_of_site, true);
  page_of_site.start();
  for (int second = 0; second < 60; ++second) {  // it offers again and again
    simulation_.run_for(1s);
    EXPECT_LE(peers(), others + 1);
    EXPECT_FALSE(page_of_site.settled());
  }
  page_of_site.vanish();
  simulation_.run_for(session::Transport::kConnectTimeout + conference::Host::kGrace + 1s);
  EXPECT_EQ(peers(), others);
  simulation_.cut(page_of_site, false);
  page_of_site.start();
  EXPECT_TRUE(simulation_.run_until([&] { return page_of_site.settled(); }, 5s));
  check_all();
}

// -- many at once --

class LargeFaults : public Faults {
 protected:
  LargeFaults() : Faults({.seed = 20, .sites = 20, .shards = 3}) {}
};

TEST_F(LargeFaults, AConferenceOfWhichHalfWasCutOffIsWholeAgainAfterItHeals) {
  begin_talk();
  chair().ask(messages::SetStage{.seat = "chair"});
  std::vector<const ModelPage*> half;
  for (std::size_t i = 1; i <= 10; ++i) half.push_back(&page(fmt::format("site-{}", i)));
  for (const auto lasts : {3s, 12s, 45s}) {
    const auto partition = simulation_.part(half);
    for (const auto* lost : half) simulation_.break_socket(page(lost->setup().seat), Break::nobody);
    simulation_.run_for(lasts);
    // Those who are left see and hear each other meanwhile.
    EXPECT_LT(simulation_.now() - page("site-15").media()->heard_of(chair().setup().number), 200ms);
    EXPECT_LT(simulation_.now() - page("site-15").media()->slot_of(media::SlotUse::stage)->seen_captured, 400ms);
    simulation_.world().network.mend(partition);
    EXPECT_TRUE(simulation_.run_until([&] { return all_settled(); }, kBackBound)) << lasts.count();
    simulation_.run_for(kBackBound - 5s);
    const auto since = simulation_.now();
    EXPECT_TRUE(simulation_.run_until([&] { return all_see_stage("chair", since) && all_hear("chair", since); }, 2s))
        << lasts.count();
  }
  check_all();
}

class HugeFaults : public Faults {
 protected:
  HugeFaults() : Faults({.seed = 200, .sites = 200, .delegates = 4, .shards = 3}) {}
};

TEST_F(HugeFaults, TwoHundredSitesAreBackFiveSecondsAfterACrashUnderLoad) {
  for (std::size_t i = 0; i < simulation_.pages().size(); ++i)
    simulation_.pages()[i]->demand({{fmt::format("site-{}", 1 + i % 200), messages::Quality::medium},
                                    {fmt::format("site-{}", 1 + (i + 7) % 200), messages::Quality::low}});
  begin_talk();
  chair().ask(messages::SetStage{.seat = "site-2"});
  simulation_.run_for(1s);
  simulation_.kill_server();
  simulation_.run_for(1s);
  simulation_.start_server();
  EXPECT_TRUE(simulation_.run_until([&] { return all_settled(); }, 5s));
  chair().ask(messages::OpenMicrophone{.seat = "chair"});
  chair().ask(messages::SetStage{.seat = "site-2"});
  const auto since = simulation_.now();
  EXPECT_TRUE(simulation_.run_until([&] { return all_see_stage("site-2", since) && all_hear("chair", since); }, 2s));
  check_all();
}

}  // namespace
}  // namespace bridgehall::sim

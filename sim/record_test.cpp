// A conference whose record is on a disk: servers that crash and go on with it, and a disk that takes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/conference_testing.h"

namespace bridgehall::sim {
namespace {

class Recorded : public Conferences {
 protected:
  Recorded() : Recorded(ConferenceOptions{.recorded = true}) {}
  explicit Recorded(const ConferenceOptions& options) : Conferences(options) {}

  void restart_after(Duration pause) {
    simulation_.kill_server();
    simulation_.run_for(pause);
    simulation_.start_server();
  }
  std::size_t departures() {
    const auto& events = simulation_.disk().events();
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [](const auto& recorded) {
      return std::holds_alternative<conference::Left>(recorded.event);
    }));
  }
  std::uint64_t snapshots() {
    std::uint64_t all = 0;
    for (const auto& page : simulation_.pages()) all += page->snapshots();
    return all;
  }
};

TEST_F(Recorded, AfterACrashEveryoneGoesOnWhereTheyWere) {
  start_all();
  chair().ask(messages::SetStage{.seat = "site-1"});
  chair().ask(messages::CloseMicrophone{.seat = "site-2"});
  page("site-3").ask(messages::RaiseHand{.kind = messages::HandKind::reply});
  simulation_.run_for(1s);
  const auto before = simulation_.server().state();
  const auto told = snapshots();
  restart_after(1s);
  ASSERT_TRUE(simulation_.run_until([&] { return all_settled(); }, 5s));
  simulation_.run_for(500ms);
  auto after = simulation_.server().state();
  after.sequence = before.sequence;
  EXPECT_EQ(after, before) << "microphones, stage, hands: all of it";
  EXPECT_EQ(departures(), 0u) << "nobody was thrown out";
  EXPECT_EQ(snapshots(), told) << "events went on where pages were";
  check_all();
}

TEST_F(Recorded, WhoDoesNotComeBackAfterACrashIsLostAfterAMinute) {
  start_all();
  page("site-1").vanish();
  restart_after(1s);
  simulation_.run_for(50s);
  EXPECT_TRUE(seat("site-1").present);
  simulation_.run_for(11s);
  EXPECT_FALSE(seat("site-1").present);
  EXPECT_EQ(departures(), 1u);
  check_all();
}

TEST_F(Recorded, AServerThatIsStoppedIsGoneOnFromTheSameWay) {
  start_all();
  simulation_.drain_server();
  simulation_.run_for(500ms);
  EXPECT_TRUE(simulation_.server().control().drained());
  restart_after(1s);
  ASSERT_TRUE(simulation_.run_until([&] { return all_settled(); }, 5s));
  EXPECT_EQ(departures(), 0u);
  check_all();
}

TEST_F(Recorded, ACrashBetweenAnyTwoStepsLosesNothingThatWasAcknowledged) {
  start_all();
  for (int crash = 0; crash < 40; ++crash) {
    const auto first = page("site-1").answered();
    page("site-1").ask(messages::Chat{.text = fmt::format("word {}", crash)});
    chair().ask(messages::CloseMicrophone{.seat = "site-2"});
    chair().ask(messages::OpenMicrophone{.seat = "site-2"});
    chair().ask(messages::SetStage{.seat = crash % 2 == 0 ? "site-1" : "hall"});
    simulation_.run_for(10ms + crash * 700us);
    const bool acknowledged = page("site-1").answered() > first;
    restart_after(50ms);
    ASSERT_TRUE(simulation_.run_until([&] { return all_settled(); }, 8s)) << crash;
    const auto& chat = simulation_.server().state().chat;
    const bool kept = !chat.empty() && chat.back().text == fmt::format("word {}", crash);
    EXPECT_TRUE(kept || !acknowledged) << crash;
    simulation_.run_for(300ms);
    check_all();
  }
  EXPECT_EQ(departures(), 0u);
}

TEST_F(Recorded, PowerThatFailsInAnyWriteLosesNothingThatWasAcknowledged) {
  start_all();
  std::uint64_t failed = 0;
  for (std::uint64_t crash = 0; crash < 40; ++crash) {
    const auto first = page("site-1").answered();
    simulation_.disk().lose_power_after(crash % 12);
    page("site-1").ask(messages::Chat{.text = fmt::format("word {}", crash)});
    chair().ask(messages::SetStage{.seat = crash % 2 == 0 ? "site-1" : "hall"});
    simulation_.run_for(crash % 3 == 0 ? 15ms : 300ms);
    failed += simulation_.disk().has_power() ? 0 : 1;
    const bool acknowledged = page("site-1").answered() > first;
    restart_after(50ms);
    ASSERT_TRUE(simulation_.run_until([&] { return all_settled(); }, 8s)) << crash;
    const auto& chat = simulation_.server().state().chat;
    const bool kept = !chat.empty() && chat.back().text == fmt::format("word {}", crash);
    EXPECT_TRUE(kept || !acknowledged) << crash;
    check_all();
  }
  EXPECT_GT(failed, 10u) << "in writes, not between them";
}

TEST_F(Recorded, WhileTheDiskIsFullMediaGoOnAndClosingTakesEffect) {
  start_all();
  page("site-1").set_voice(20);
  ASSERT_TRUE(simulation_.run_until([&] { return all_hear("site-1", simulation_.now() - 100ms); }, 2s));
  simulation_.disk().set_trouble(conference::RecordTrouble::disk_full);
  const auto written = simulation_.disk().events().size();
  chair().ask(messages::SetStage{.seat = "site-2"});
  simulation_.run_for(1s);
  EXPECT_EQ(chair().trouble(), messages::RecordTrouble::disk_full);
  EXPECT_TRUE(all_hear("site-1", simulation_.now() - 200ms)) << "media go on";
  chair().ask(messages::CloseMicrophone{.seat = "site-1"});
  simulation_.run_for(300ms);
  const auto number = page("site-1").setup().number;
  const auto heard = chair().media()->heard_packets(number);
  simulation_.run_for(2s);
  EXPECT_LE(chair().media()->heard_packets(number), heard + 1);
  EXPECT_TRUE(seat("site-1").microphone.open) << "as far as the record knows";
  EXPECT_EQ(simulation_.disk().events().size(), written);
  check_all();
  simulation_.disk().set_trouble(std::nullopt);
  simulation_.run_for(conference::Host::kRecordAgain + 1s);
  EXPECT_FALSE(seat("site-1").microphone.open) << "nobody had to ask again";
  EXPECT_FALSE(chair().trouble());
  check_all();
}

TEST_F(Recorded, WhoComesWhileTheDiskIsFullComesInWhenItIsNot) {
  for (const auto& each : simulation_.pages())
    if (each.get() != &page("site-1")) each->start();
  simulation_.run_for(3s);
  simulation_.disk().set_trouble(conference::RecordTrouble::read_only);
  page("site-1").start();
  simulation_.run_for(5s);
  EXPECT_FALSE(page("site-1").settled());
  EXPECT_FALSE(seat("site-1").present);
  simulation_.disk().set_trouble(std::nullopt);
  EXPECT_TRUE(simulation_.run_until([&] { return all_settled(); }, 8s));
  simulation_.run_for(500ms);
  check_all();
}

}  // namespace
}  // namespace bridgehall::sim

// What directed tests of whole conferences begin with.
#pragma once

#include <algorithm>

#include <gtest/gtest.h>

#include "sim/conference_probe.h"

namespace bridgehall::sim {

// A hall, a chair, three sites and a delegate over clean lines of 10 ms, unless a test says otherwise. Whatever breaks
// an invariant on the way fails the test at its end.
class Conferences : public testing::Test {
 protected:
  Conferences() : Conferences(ConferenceOptions{}) {}
  explicit Conferences(const ConferenceOptions& options) : simulation_(options) {}
  ~Conferences() override {
    for (const auto& violation : simulation_.world().violations.kept()) ADD_FAILURE() << violation;
  }

  ModelPage& page(std::string_view seat) { return simulation_.page(seat); }
  ModelPage& chair() { return page("chair"); }
  bool all_settled() const {
    return std::all_of(simulation_.pages().begin(), simulation_.pages().end(),
                       [&](const auto& page) { return page->settled() && page->life() == simulation_.life(); });
  }
  void start_all() {
    for (const auto& page : simulation_.pages()) page->start();
    ASSERT_TRUE(simulation_.run_until([&] { return all_settled(); }, 5s));
  }
  bool all_see_stage(std::string_view seat, TimePoint since) { return probe_.lacks_stage(seat, since).empty(); }
  bool all_hear(std::string_view seat, TimePoint since) { return probe_.lacks_voice(seat, since).empty(); }
  const conference::Seat& seat(std::string_view id) { return *simulation_.server().state().find(id); }
  void check_all() {
    simulation_.check_agreement();
    simulation_.check_all_told();
    simulation_.check_complete();
  }

  ConferenceSimulation simulation_;
  SeededRandom random_{1};
  ConferenceProbe probe_{simulation_, random_};
};

}  // namespace bridgehall::sim

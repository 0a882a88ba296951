// What tests of conferences share: one with a seat of every role, and commands carried out on a state alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "conference/apply.h"
#include "conference/decide.h"

namespace bridgehall::conference {

inline const WallTime kNoon{std::chrono::seconds{1'800'000'000}};

// A seat of each role, named by it, with microphone, camera and slides; viewers send nothing.
inline State full_house(Mode mode = Mode::discussion) {
  State state{.id = "demo", .title = "Demo", .mode = mode};
  for (const auto role : kRoles) {
    Seat seat{.id = std::string(role_name(role)), .name = "Seat", .role = role, .present = true, .admitted = true};
    if (role != Role::viewer) seat.sends = {TrackUse::microphone, TrackUse::camera, TrackUse::slides};
    state.seats.push_back(std::move(seat));
  }
  return state;
}

using Decided = std::expected<std::vector<Event>, CommandRefusal>;

// Decides and applies.
inline Decided carry_out(State& state, const SeatId& actor, const Command& command, WallTime now = kNoon) {
  auto events = decide(state, now, actor, command);
  if (events)
    for (const auto& event : *events) apply(state, event);
  return events;
}

inline RefusalCode refusal(const Decided& decided) {
  EXPECT_FALSE(decided);
  return decided ? RefusalCode{} : decided.error().code;
}

}  // namespace bridgehall::conference

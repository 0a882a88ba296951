// Who may see what. A client's mirror is the fold of the events that its seat may see over a visible state; both
// functions say the same, which conference_property_test.cpp holds. Only of messages a mirror may remember older ones:
// the state forgets also for those that it may not see.
#pragma once

#include "conference/event.h"

namespace bridgehall::conference {

// Whether it is told what could not be written down.
bool sees_record(Role role);
bool may_see(Role role, const SeatId& seat, const Event& event);
// All of `state` that the seat may see.
State visible_state(const State& state, Role role, const SeatId& seat);

}  // namespace bridgehall::conference

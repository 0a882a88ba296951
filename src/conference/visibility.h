// Who may see what. A client's mirror is the fold of the events that its seat may see over a visible state; both
// functions say the same, which visibility_test.cpp holds.
#pragma once

#include "conference/event.h"

namespace bridgehall::conference {

bool may_see(Role role, const SeatId& seat, const Event& event);
// All of `state` that the seat may see.
State visible_state(const State& state, Role role, const SeatId& seat);

}  // namespace bridgehall::conference

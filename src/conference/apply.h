// The one way in which a conference's state changes. Total: an event about a seat that is gone changes nothing.
#pragma once

#include "conference/event.h"

namespace bridgehall::conference {

void apply(State& state, const Event& event);

}  // namespace bridgehall::conference

// The conference that `bridgehall demo` shows: a hall and its screen, 14 provinces as sites, those who lead, and
// delegates online.
#pragma once

#include "base/random.h"
#include "conference/roster.h"

namespace bridgehall::app {

conference::Roster make_demo_roster(RandomSource& random);

}  // namespace bridgehall::app

// Conferences drawn from a seed: people come and go, speak, look, are muted, moved to the stage and removed, while
// their lines lose and break and the server is restarted; then everything heals and everyone must see and hear again.
#pragma once

#include "sim/scenario.h"

namespace bridgehall::sim {

ScenarioResult run_conference(std::uint64_t seed, bool verbose = false);

}  // namespace bridgehall::sim

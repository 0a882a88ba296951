// A whole run drawn from one seed: who publishes what and how, who views, what the network does to them and what
// happens on the way. Phase one is for safety, under faults; then the network heals, and phase two asks for liveness.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/simulation.h"

namespace bridgehall::sim {

struct ScenarioResult {
  std::uint64_t trace = 0;
  std::vector<std::string> violations;
  std::string summary;
};

ScenarioResult run_scenario(std::uint64_t seed, bool verbose = false);

}  // namespace bridgehall::sim

// What all parts of one simulated run share.
#pragma once

#include "sim/ledger.h"
#include "sim/network.h"
#include "sim/trace.h"

namespace bridgehall::sim {

struct World {
  explicit World(std::uint64_t seed, bool verbose = false) : network(seed), trace(verbose) {}

  TimePoint now = TimePoint{} + Trace::kStart;
  Network network;
  Trace trace;
  Violations violations;
  Ledger ledger;
};

}  // namespace bridgehall::sim

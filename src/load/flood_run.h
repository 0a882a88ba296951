// `bridgehall load flood`: publishers and viewers as in `bridgehall load`, measured in windows: in peace, under a
// flood, in peace again, and so on for each kind. What a flood costs is told against the windows of peace on both its
// sides, so that what else happens on the machine does not count twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "load/flood.h"
#include "load/load.h"

namespace bridgehall::load {

struct FloodOptions {
  LoadOptions load;              // `duration`: of each window
  std::vector<FloodKind> kinds;  // empty: all
  int rate = 0;                  // 0: each kind's own (default_rate)
  int rounds = 1;                // of all kinds
  int flood_cpu = -1;            // pin the flood here
};

// One window of measurement.
struct FloodWindow {
  Duration p50{}, p99{}, max{};
  double gap_ratio = 0;
  std::optional<double> server_share;  // of one core
  bool machine_was_busy = false;
};

// A flood, and the peace before and after it.
struct FloodRound {
  FloodKind kind{};
  int rate = 0;
  double seconds = 0;
  FloodCounts counts;
  FloodWindow before, during, after;
  int lost = 0;  // viewers that were closed while it lasted

  Duration p99_in_peace() const { return (before.p99 + after.p99) / 2; }
  Duration difference() const { return during.p99 - p99_in_peace(); }
};

// One row for each kind: the median of its rounds.
std::string to_table(std::span<const FloodRound> rounds);
std::string to_json(const FloodOptions& options, std::span<const FloodRound> rounds);

// Prints the table. 0 when all joined, every flood was sent and nobody was lost; 1 otherwise (said on standard error).
int run_flood(const FloodOptions& options);

}  // namespace bridgehall::load

// What a process has used, from /proc: CPU time of its living threads (user and system), time that its threads stood in
// line for a CPU, and resident memory. nullopt when it cannot be read (ended, not ours).
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace bridgehall::load {

struct ProcessUsage {
  Duration cpu{};
  Duration waited{};  // ready to run, but others ran
  std::uint64_t resident_kib = 0;
};
std::optional<ProcessUsage> read_process_usage(int pid);

}  // namespace bridgehall::load

// What a process uses, from /proc: CPU time of its living threads (user and system), time that its threads stood in
// line for a CPU, resident memory, threads, open descriptors. nullopt when it cannot be read (ended, not ours).
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace bridgehall::load {

struct ProcessUsage {
  Duration cpu{};
  Duration waited{};  // ready to run, but others ran
  std::uint64_t resident_kib = 0;
  int threads = 0;
  int descriptors = 0;
};
std::optional<ProcessUsage> read_process_usage(int pid);

// This process's own; zeros where there is no /proc.
ProcessUsage read_own_usage();

}  // namespace bridgehall::load

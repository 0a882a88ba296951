// What a process has used, from /proc: CPU time (user and system) and resident memory. nullopt when it cannot be read
// (ended, not ours).
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace bridgehall::load {

struct ProcessUsage {
  Duration cpu{};
  std::uint64_t resident_kib = 0;
};
std::optional<ProcessUsage> read_process_usage(int pid);

}  // namespace bridgehall::load

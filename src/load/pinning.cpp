#include "load/pinning.h"

#include <cstdio>

#include <fmt/format.h>
#include <sched.h>

namespace bridgehall::load {

void pin_to_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    fmt::print(stderr, "The generator cannot be pinned to CPU {}.\n", cpu);
}

}  // namespace bridgehall::load

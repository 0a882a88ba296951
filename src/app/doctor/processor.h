// How fast will encryption be, and on how many processors?
#pragma once

#include <string>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct ProcessorFacts {
  std::size_t count = 0;  // media shards: as many as this process may use CPUs, or as the setting says
  std::string flags;      // of /proc/cpuinfo, separated by spaces
};

ProcessorFacts gather_processor(const Configuration& configuration);
Findings check_processor(const ProcessorFacts& facts);

}  // namespace bridgehall::app::doctor

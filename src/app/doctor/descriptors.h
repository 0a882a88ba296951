// May the process open as many files and sockets as the settings allow connections?
#pragma once

#include <cstdint>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct DescriptorFacts {
  std::uint64_t limit = 0;
  std::uint64_t needed = 0;
};

DescriptorFacts gather_descriptors(const Configuration& configuration);
Findings check_descriptors(const DescriptorFacts& facts);

}  // namespace bridgehall::app::doctor

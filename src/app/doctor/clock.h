// Is the time right? Tokens, certificates and TURN credentials depend on it.
#pragma once

#include <chrono>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct ClockFacts {
  std::chrono::sys_seconds now{};
  std::chrono::sys_seconds not_before{};  // something was written then by a clock that was right: the program, the key
  bool synchronised = false;              // as the kernel says
};

ClockFacts gather_clock(const Configuration& configuration);
Findings check_clock(const ClockFacts& facts);

}  // namespace bridgehall::app::doctor

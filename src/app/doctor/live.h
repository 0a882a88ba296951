// What only the running server knows: losses on this machine, and sessions that never came about.
#pragma once

#include <cstdint>

#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

Findings check_live(const web::LiveFacts& facts, std::uint16_t media_port);

}  // namespace bridgehall::app::doctor

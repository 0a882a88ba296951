// Both clocks, read once per turn of the control loop. Wall time is for tokens and for what people read.
#pragma once

#include "conference/host.h"
#include "crypto/token.h"

namespace bridgehall::web {

using Instant = conference::Moment;

inline crypto::UnixTime unix_time(const Instant& now) { return std::chrono::floor<std::chrono::seconds>(now.wall); }

}  // namespace bridgehall::web

// Both clocks, read once per turn of the control loop: wall time is for tokens and what people read.
#pragma once

#include "base/time.h"
#include "crypto/token.h"

namespace bridgehall::web {

struct Instant {
  TimePoint monotonic;
  crypto::UnixTime wall;
};

}  // namespace bridgehall::web

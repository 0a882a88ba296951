// The only place where clocks are read.
#pragma once

#include "base/time.h"

namespace bridgehall::io {

// CLOCK_MONOTONIC. Read once per turn of a loop and handed down.
TimePoint read_clock();

// The wall clock beside the monotonic one, for sender reports.
NtpOrigin read_ntp_origin();

}  // namespace bridgehall::io

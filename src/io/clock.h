// The only place where clocks are read.
#pragma once

#include "base/time.h"

namespace bridgehall::io {

// CLOCK_MONOTONIC. Read once per turn of a loop and handed down.
TimePoint read_clock();

// The wall clock beside the monotonic one, for sender reports.
NtpOrigin read_ntp_origin();

// What has to be added to a wall-clock time of the kernel, a datagram's time stamp, to find its place on the monotonic
// line.
Duration read_wall_to_monotonic();

}  // namespace bridgehall::io

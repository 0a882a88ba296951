#include "io/clock.h"

#include <ctime>

namespace bridgehall::io {
namespace {
std::chrono::nanoseconds read(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}
constexpr std::uint64_t kSecondsFrom1900To1970 = 2'208'988'800;
}  // namespace

TimePoint read_clock() { return TimePoint{read(CLOCK_MONOTONIC)}; }

NtpOrigin read_ntp_origin() {
  const auto wall = read(CLOCK_REALTIME);
  return {read_clock(), NtpTime{kSecondsFrom1900To1970 << 32} + wall};
}

Duration read_wall_to_monotonic() { return read(CLOCK_MONOTONIC) - read(CLOCK_REALTIME); }

}  // namespace bridgehall::io

// Time as a value. No core reads a clock: `now` is read once per turn of the loop in `io` and handed down.
#pragma once

#include <chrono>
#include <cstdint>

namespace bridgehall {

// The monotonic time line. It has no now() on purpose.
struct MonotonicTimeline {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<MonotonicTimeline, duration>;
  static constexpr bool is_steady = true;
};

using Duration = MonotonicTimeline::duration;
using TimePoint = MonotonicTimeline::time_point;

// A deadline that never comes.
inline constexpr TimePoint kNever = TimePoint::max();

using namespace std::chrono_literals;

// 64-bit NTP timestamp (RFC 3550 section 4): seconds since 1900 in the upper half, fraction in the lower.
struct NtpTime {
  std::uint64_t value = 0;

  // The middle 32 bits, as in LSR and DLSR (units of 1/65536 s).
  constexpr std::uint32_t compact() const { return static_cast<std::uint32_t>(value >> 16); }
  constexpr bool operator==(const NtpTime&) const = default;
};

constexpr std::uint64_t ntp_units(Duration d) {
  const auto ns = d.count();
  const auto seconds = ns / 1'000'000'000;
  const auto rest = ns % 1'000'000'000;
  return (static_cast<std::uint64_t>(seconds) << 32) + static_cast<std::uint64_t>((rest << 32) / 1'000'000'000);
}

// Signed difference a - b of two NTP timestamps; right across the era change.
constexpr Duration ntp_difference(NtpTime a, NtpTime b) {
  const auto delta = static_cast<std::int64_t>(a.value - b.value);
  const auto seconds = delta >> 32;
  const auto fraction = static_cast<std::int64_t>(static_cast<std::uint64_t>(delta) & 0xffffffffu);
  return Duration{seconds * 1'000'000'000 + ((fraction * 1'000'000'000) >> 32)};
}

constexpr NtpTime operator+(NtpTime t, Duration d) { return NtpTime{t.value + ntp_units(d)}; }

// Ties the monotonic line to wall-clock NTP time; made once at start so that both never jump against each other.
struct NtpOrigin {
  TimePoint at{};
  NtpTime ntp{};

  constexpr NtpTime ntp_at(TimePoint t) const { return ntp + (t - at); }
};

}  // namespace bridgehall

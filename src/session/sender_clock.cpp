#include "session/sender_clock.h"

#include <algorithm>

namespace bridgehall::session {

namespace {
// The offset may grow by one part in a thousand: more than any crystal drifts, slow enough to outlast a burst of
// queueing.
constexpr std::int64_t kForgetDivisor = 1'000;
// No network holds a report back this long: the sender has set its clock.
constexpr Duration kStep = 2s;
}  // namespace

void SenderClock::on_sender_report(NtpTime remote, NtpTime local, TimePoint now) {
  const std::uint64_t offset = local.value - remote.value;
  const auto above = static_cast<std::int64_t>(offset - offset_);
  if (!known_ || above >= static_cast<std::int64_t>(ntp_units(kStep))) {
    offset_ = offset;
  } else {
    const auto elapsed = std::max(now - updated_, Duration{});
    const auto allowance = static_cast<std::int64_t>(ntp_units(elapsed / kForgetDivisor));
    offset_ += static_cast<std::uint64_t>(std::min(above, allowance));
  }
  known_ = true;
  updated_ = now;
}

std::optional<NtpTime> SenderClock::to_local(NtpTime remote) const {
  if (!known_) return std::nullopt;
  return NtpTime{remote.value + offset_};
}

void RtpClock::on_sender_report(std::uint32_t rtp_timestamp, NtpTime local) {
  rtp_timestamp_ = rtp_timestamp;
  local_ = local;
  known_ = exact_ = true;
}

void RtpClock::on_packet(std::uint32_t rtp_timestamp, NtpTime arrival) {
  if (exact_) return;
  // Of several packets the one that was least delayed is nearest to the truth: its timestamp lies ahead of what the
  // others foretell.
  const auto foretold = rtp_at(arrival);
  if (foretold && static_cast<std::int32_t>(rtp_timestamp - *foretold) <= 0) return;
  rtp_timestamp_ = rtp_timestamp;
  local_ = arrival;
  known_ = true;
}

std::optional<std::uint32_t> RtpClock::rtp_at(NtpTime local) const {
  if (!known_) return std::nullopt;
  const auto elapsed =
      static_cast<std::int64_t>(local.value - local_.value);  // in 2^-32 s; right across the era change
  const auto ticks = static_cast<__int128>(elapsed) * clock_rate_;
  const auto rounded = (ticks + (__int128{1} << 31)) >> 32;
  return rtp_timestamp_ + static_cast<std::uint32_t>(rounded);
}

}  // namespace bridgehall::session

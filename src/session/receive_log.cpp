#include "session/receive_log.h"

#include <algorithm>
#include <cstdlib>

#include "base/sequence.h"

namespace bridgehall::session {

namespace {
constexpr Duration kLeastNackRepeat = 20ms;
}

ReceiveLog::ReceiveLog(std::uint32_t clock_rate) : clock_rate_(clock_rate) {}

ReceiveLog::Result ReceiveLog::on_packet(std::uint16_t sequence, std::uint32_t rtp_timestamp, TimePoint now,
                                         bool retransmitted) {
  if (!started_) {
    started_ = true;
    first_ = highest_ = sequence;
    seen_.set(highest_);
    ++received_;
    if (!retransmitted) update_jitter(rtp_timestamp, now);
    return {Arrival::in_order, highest_, false};
  }

  Result result{Arrival::in_order, extend_sequence(highest_, sequence), false};
  const auto extended = result.extended_sequence;
  if (extended > highest_) {
    seen_.advance(highest_, extended);
    if (extended - highest_ > 1) result.too_many_missing = !add_missing(highest_ + 1, extended, now);
    highest_ = extended;
  } else if (highest_ - extended >= static_cast<std::int64_t>(kWindow)) {
    result.arrival = Arrival::too_old;
    return result;
  } else if (seen_.test(extended)) {
    ++duplicates_;
    result.arrival = Arrival::duplicate;
    return result;
  } else {
    result.arrival = Arrival::late;
    first_ = std::min(first_, extended);  // the stream began earlier than the first that came
    if (missing_count_ != 0) remove_missing(extended);
  }
  seen_.set(extended);
  ++received_;
  if (!retransmitted) update_jitter(rtp_timestamp, now);
  return result;
}

// RFC 3550 appendix A.8, in its integers. Transit times are kept modulo 2^32, as timestamps are; only their differences
// count.
void ReceiveLog::update_jitter(std::uint32_t rtp_timestamp, TimePoint now) {
  const double units_per_nanosecond = clock_rate_ * 1e-9;
  const auto arrival =
      static_cast<std::int64_t>(static_cast<double>(now.time_since_epoch().count()) * units_per_nanosecond);
  const std::uint32_t transit = static_cast<std::uint32_t>(arrival) - rtp_timestamp;
  if (has_transit_) {
    const auto difference = std::int64_t{static_cast<std::int32_t>(transit - last_transit_)};
    jitter_ += std::abs(difference) - ((jitter_ + 8) >> 4);
  }
  last_transit_ = transit;
  has_transit_ = true;
}

// Notes [first, end) as missing; false when that is more than we ask for, and then nothing is asked for any more.
bool ReceiveLog::add_missing(std::int64_t first, std::int64_t end, TimePoint now) {
  if (end - first > static_cast<std::int64_t>(kMaxMissing - missing_count_)) {
    missing_count_ = 0;
    return false;
  }
  for (auto sequence = first; sequence < end; ++sequence)
    missing_[missing_count_++] = {sequence, now + kReorderGrace, 0};
  return true;
}

void ReceiveLog::remove_missing(std::int64_t sequence) {
  const auto end = missing_.begin() + static_cast<std::ptrdiff_t>(missing_count_);
  const auto at = std::lower_bound(missing_.begin(), end, sequence,
                                   [](const Missing& entry, std::int64_t value) { return entry.sequence < value; });
  if (at == end || at->sequence != sequence) return;
  std::move(at + 1, end, at);
  --missing_count_;
}

std::size_t ReceiveLog::collect_nacks(TimePoint now, Duration round_trip_time, std::span<std::uint16_t> out) {
  const Duration repeat = std::max(round_trip_time, kLeastNackRepeat) * 3 / 2;
  std::size_t asked = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < missing_count_; ++i) {
    Missing entry = missing_[i];
    if (highest_ - entry.sequence >= static_cast<std::int64_t>(kWindow)) continue;  // would be too old if it came
    if (entry.next_nack <= now && asked < out.size()) {
      out[asked++] = static_cast<std::uint16_t>(entry.sequence);
      entry.next_nack = now + repeat;
      if (++entry.nacks == kMaxNacks) continue;
    }
    missing_[kept++] = entry;
  }
  missing_count_ = kept;
  return asked;
}

TimePoint ReceiveLog::next_nack_deadline() const {
  TimePoint deadline = kNever;
  for (std::size_t i = 0; i < missing_count_; ++i) deadline = std::min(deadline, missing_[i].next_nack);
  return deadline;
}

void ReceiveLog::on_sender_report(NtpTime ntp, TimePoint now) {
  last_sender_report_ = ntp;
  last_sender_report_at_ = now;
  has_sender_report_ = true;
}

wire::ReportBlock ReceiveLog::report(Ssrc ssrc, TimePoint now) {
  const std::uint64_t expected = started_ ? static_cast<std::uint64_t>(highest_ - first_ + 1) : 0;
  const auto expected_since = static_cast<std::int64_t>(expected - expected_at_report_);
  const auto lost_since = expected_since - static_cast<std::int64_t>(received_ - received_at_report_);
  expected_at_report_ = expected;
  received_at_report_ = received_;

  wire::ReportBlock block;
  block.ssrc = ssrc;
  // RFC 3550 appendix A.3: late packets can make the interval's loss negative, which is reported as none.
  if (lost_since > 0 && expected_since > 0)
    block.fraction_lost = static_cast<std::uint8_t>(std::min<std::int64_t>(255, lost_since * 256 / expected_since));
  block.cumulative_lost = static_cast<std::int32_t>(std::clamp<std::int64_t>(lost(), -0x800000, 0x7fffff));
  block.highest_sequence = static_cast<std::uint32_t>(highest_);
  block.jitter = static_cast<std::uint32_t>(jitter_ >> 4);
  if (has_sender_report_) {
    block.last_sender_report = last_sender_report_.compact();
    block.delay_since_last = static_cast<std::uint32_t>(ntp_units(now - last_sender_report_at_) >> 16);
  }
  return block;
}

std::int64_t ReceiveLog::highest_extended_sequence() const { return highest_; }
bool ReceiveLog::started() const { return started_; }
std::uint64_t ReceiveLog::received() const { return received_; }
std::int64_t ReceiveLog::lost() const {
  return started_ ? highest_ - first_ + 1 - static_cast<std::int64_t>(received_) : 0;
}
std::uint64_t ReceiveLog::duplicates() const { return duplicates_; }

}  // namespace bridgehall::session

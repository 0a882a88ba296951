#include "session/send_log.h"

#include <algorithm>

#include "base/sequence.h"

namespace bridgehall::session {
namespace {

std::uint32_t microseconds(TimePoint time) {
  return static_cast<std::uint32_t>(time.time_since_epoch() / std::chrono::microseconds{1});
}

// From `earlier` to `later`, modulo 2^32.
std::int32_t elapsed_microseconds(std::uint32_t earlier, std::uint32_t later) {
  return static_cast<std::int32_t>(later - earlier);
}

}  // namespace

std::uint16_t SendLog::on_sent(TimePoint now, std::size_t bytes) {
  packet(next_) = {microseconds(now), static_cast<std::uint16_t>(std::min<std::size_t>(bytes, 0xffff)), Fate::unknown};
  return static_cast<std::uint16_t>(next_++);
}

void SendLog::forget_way() {
  first_ = next_;
  spoken_of_ = newest_received_ = -1;
  has_delay_ = false;
}

LineReport SendLog::on_feedback(std::span<const wire::TransportFeedback::Entry> entries, TimePoint now) {
  LineReport report{.counts_bytes = true};
  const std::int64_t oldest = std::max(first_, next_ - static_cast<std::int64_t>(kRing));
  std::optional<std::uint32_t> newest_sent_at;
  Run missing;
  for (const auto& entry : entries) {
    const auto sequence = extend_sequence(next_ - 1, entry.sequence);
    if (sequence < oldest || sequence >= next_) {
      ++ignored_;
      continue;
    }
    spoken_of_ = std::max(spoken_of_, sequence);
    auto& sent = packet(sequence);
    if (!entry.received) {
      if (sent.fate != Fate::unknown) continue;
      sent.fate = Fate::lost;
      ++report.lost;
      if (missing.end != sequence) missing.begin = sequence;
      missing.end = sequence + 1;
      continue;
    }
    if (sent.fate == Fate::received) continue;
    if (sent.fate == Fate::lost) ++report.corrected;
    sent.fate = Fate::received;
    if (missing.end == sequence) report.lost -= forgive(missing, sent.sent_at);
    ++report.received;
    report.acknowledged_bytes += sent.bytes;
    accumulate_delay(sent, entry.arrival_microseconds);
    report.delay = std::min(report.delay.value_or(delay_), delay_);
    if (sequence > newest_received_) {
      newest_received_ = sequence;
      newest_sent_at = sent.sent_at;
    }
  }
  if (newest_sent_at) {
    const auto round_trip = elapsed_microseconds(*newest_sent_at, microseconds(now));
    if (round_trip >= 0) report.round_trip = std::chrono::microseconds{round_trip};
  }
  return report;
}

std::uint32_t SendLog::forgive(Run run, std::uint32_t next_sent_at) {
  const auto packets = static_cast<std::uint32_t>(run.end - run.begin);
  const auto away = std::chrono::microseconds{elapsed_microseconds(packet(run.begin).sent_at, next_sent_at)};
  if (packets < kOutagePackets || away < kOutage) return 0;
  for (auto sequence = run.begin; sequence < run.end; ++sequence) packet(sequence).fate = Fate::away;
  return packets;
}

// How much longer this packet was on its way than the one before, added up: its one-way delay but for a constant. A
// jump is a new reference time of the receiver (it wraps after 12 days) or a lie: counted as no change.
void SendLog::accumulate_delay(const Packet& sent, std::int64_t arrival_microseconds) {
  if (has_delay_) {
    const std::int64_t grown = arrival_microseconds - last_arrival_ - elapsed_microseconds(last_sent_at_, sent.sent_at);
    if (std::chrono::microseconds{std::abs(grown)} < kJump) delay_ += std::chrono::microseconds{grown};
  }
  has_delay_ = true;
  last_sent_at_ = sent.sent_at;
  last_arrival_ = arrival_microseconds;
}

Duration SendLog::unanswered(TimePoint now) const {
  if (spoken_of_ < 0 || spoken_of_ + 1 >= next_) return 0ns;
  const auto oldest = std::max(spoken_of_ + 1, next_ - static_cast<std::int64_t>(kRing));
  return std::chrono::microseconds{std::max(0, elapsed_microseconds(packet(oldest).sent_at, microseconds(now)))};
}

LineReport ReportedStream::on_report_block(const wire::ReportBlock& block, NtpTime ntp) {
  LineReport report;
  const std::uint32_t expected = block.highest_sequence - highest_;
  if (started_ && expected <= kMaxExpected) {
    report.lost = (expected * block.fraction_lost + 128) / 256;
    report.received = expected - report.lost;
  }
  highest_ = block.highest_sequence;
  started_ = true;

  // Each sender report tells one round trip: what it took is told again and again after the last of a stream that is
  // held back, and would look like a queue that never empties.
  if (block.last_sender_report != 0 && block.last_sender_report != answered_) {
    constexpr std::int64_t kUnitsPerSecond = 65'536;
    const std::uint32_t units = ntp.compact() - block.last_sender_report - block.delay_since_last;
    const Duration round_trip{std::int64_t{units} * 1'000'000'000 / kUnitsPerSecond};
    if (round_trip <= kMaxRoundTrip) {
      report.round_trip = round_trip;
      answered_ = block.last_sender_report;
    }
  }
  return report;
}

}  // namespace bridgehall::session

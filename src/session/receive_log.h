// What has arrived of one incoming RTP stream (one SSRC): extended sequence numbers, duplicates, losses to be asked for
// again (NACK, RFC 4585 section 6.2.1), jitter and the report block of our RR (RFC 3550 sections 6.4.1, A.3, A.8).
// Fixed memory; no allocation per packet. Only packets that SRTP has opened come here, and SRTP keeps their numbers
// within its window: so a sender that jumps back far needs no probation (RFC 3550 appendix A.1), its packets never
// arrive.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/id.h"
#include "base/time.h"
#include "session/bit_window.h"
#include "wire/rtcp.h"

namespace bridgehall::session {

class ReceiveLog {
 public:
  static constexpr std::size_t kWindow = 1024;     // how far back a packet may come late
  static constexpr std::size_t kMaxMissing = 128;  // asked for at any time; beyond that a keyframe is cheaper
  static constexpr int kMaxNacks = 8;              // per packet
  static constexpr Duration kReorderGrace = 10ms;  // a gap may be reordering: wait before the first NACK

  enum class Arrival : std::uint8_t { in_order, late, duplicate, too_old };
  struct Result {
    Arrival arrival{};
    std::int64_t extended_sequence = 0;
    bool too_many_missing = false;  // the caller asks for a keyframe (video)
  };

  explicit ReceiveLog(std::uint32_t clock_rate);

  // `retransmitted`: came by RTX; then it does not count into jitter.
  Result on_packet(std::uint16_t sequence, std::uint32_t rtp_timestamp, TimePoint now, bool retransmitted = false);

  // Fills `out` with sequence numbers due for a NACK now, oldest first; returns how many. Repeats after max(rtt, 20
  // ms)·1.5.
  std::size_t collect_nacks(TimePoint now, Duration round_trip_time, std::span<std::uint16_t> out);
  TimePoint next_nack_deadline() const;  // kNever when nothing is missing

  // A sender report came from this SSRC: for LSR and DLSR.
  void on_sender_report(NtpTime ntp, TimePoint now);
  wire::ReportBlock report(Ssrc ssrc, TimePoint now);  // fraction lost is since the last call

  std::int64_t highest_extended_sequence() const;
  bool started() const;
  std::uint64_t received() const;  // without duplicates
  std::int64_t lost()
      const;  // expected − received, for ever; may be negative only by duplicates, which are not counted
  std::uint64_t duplicates() const;

 private:
  struct Missing {
    std::int64_t sequence = 0;
    TimePoint next_nack{};
    int nacks = 0;
  };
  void update_jitter(std::uint32_t rtp_timestamp, TimePoint now);
  bool add_missing(std::int64_t first, std::int64_t end, TimePoint now);
  void remove_missing(std::int64_t sequence);

  std::uint32_t clock_rate_;
  bool started_ = false;
  std::int64_t first_ = 0;
  std::int64_t highest_ = 0;
  BitWindow<kWindow> seen_;
  std::array<Missing, kMaxMissing> missing_{};  // ascending
  std::size_t missing_count_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t expected_at_report_ = 0;
  std::uint64_t received_at_report_ = 0;
  std::int64_t jitter_ = 0;  // in sixteenths of a timestamp unit
  std::uint32_t last_transit_ = 0;
  bool has_transit_ = false;
  NtpTime last_sender_report_{};
  TimePoint last_sender_report_at_{};
  bool has_sender_report_ = false;
};

}  // namespace bridgehall::session

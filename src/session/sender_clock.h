// Maps a remote sender's NTP clock onto ours, so that sender reports of many publishers speak one time and lips stay in
// sync (RFC 3550 section 6.4.1). One SenderClock per peer (its audio and video share one clock), one RtpClock per
// stream.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace bridgehall::session {

class SenderClock {
 public:
  // A sender report with `remote` NTP arrived at `local` NTP. Keeps the least offset seen (the least delayed report),
  // forgetting slowly so that drift is followed.
  void on_sender_report(NtpTime remote, NtpTime local, TimePoint now);
  std::optional<NtpTime> to_local(NtpTime remote) const;

 private:
  bool known_ = false;
  std::uint64_t offset_ = 0;  // local − remote, modulo 2^64
  TimePoint updated_{};
};

// Relation between a stream's RTP timestamps and local NTP time.
class RtpClock {
 public:
  explicit RtpClock(std::uint32_t clock_rate) : clock_rate_(clock_rate) {}
  // From a sender report, already mapped to local NTP. Exact.
  void on_sender_report(std::uint32_t rtp_timestamp, NtpTime local);
  // Until the first report, from a packet's arrival: good to the network's delay.
  void on_packet(std::uint32_t rtp_timestamp, NtpTime arrival);
  // The RTP timestamp that belongs to `local`; nullopt before anything was seen.
  std::optional<std::uint32_t> rtp_at(NtpTime local) const;

 private:
  std::uint32_t clock_rate_;
  bool known_ = false;
  bool exact_ = false;
  std::uint32_t rtp_timestamp_ = 0;
  NtpTime local_{};
};

}  // namespace bridgehall::session

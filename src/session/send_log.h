// The sender's side of transport-wide congestion control for one peer (draft-holmer-rmcat-transport-wide-cc-
// extensions-01): numbers every packet that goes out and understands the feedback about them. Owned by the peer when
// the extension was negotiated, on its shard's thread; 16 KB, no allocation. What feedback says is a stranger's word:
// numbers never sent or long forgotten are passed over, a number counts as received once, times may jump.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "session/line_monitor.h"
#include "wire/rtcp.h"

namespace bridgehall::session {

class SendLog {
 public:
  static constexpr std::size_t kRing = 2048;  // 2 s of a wall at 10 Mb/s, which is longer than any useful round trip
  static constexpr Duration kJump = 5s;       // a one-way delay that changes by more between two packets is no delay
  // A line that lets nothing at all through for so long, of so many packets, is not full: it is away (another cell, a
  // router that forgot the connection). A full queue and random loss let something through all the time.
  static constexpr Duration kOutage = 400ms;
  static constexpr std::uint32_t kOutagePackets = 20;

  // A packet of `bytes` leaves: its transport sequence number.
  std::uint16_t on_sent(TimePoint now, std::size_t bytes);

  // The way to the peer is another one now: what was sent before, and how long it took, says nothing about it.
  void forget_way();

  // What wire::parse_transport_feedback() gave. What an outage took is in neither `received` nor `lost`.
  LineReport on_feedback(std::span<const wire::TransportFeedback::Entry> entries, TimePoint now);

  // How long ago the oldest packet was sent that is newer than all that feedback has spoken of; 0 when there is none,
  // and until feedback has come at all (a receiver may have negotiated it and not do it).
  Duration unanswered(TimePoint now) const;

  std::uint64_t sent() const { return static_cast<std::uint64_t>(next_); }
  std::uint64_t ignored() const { return ignored_; }  // entries about numbers never sent, or too old

 private:
  enum class Fate : std::uint8_t { unknown, lost, away, received };  // away: lost in an outage
  // Eight bytes. The time is in microseconds modulo 2^32 (71 minutes), far more than the ring reaches back.
  struct Packet {
    std::uint32_t sent_at = 0;
    std::uint16_t bytes = 0;
    Fate fate = Fate::unknown;
  };

  Packet& packet(std::int64_t sequence) { return ring_[static_cast<std::size_t>(sequence) & (kRing - 1)]; }
  const Packet& packet(std::int64_t sequence) const { return ring_[static_cast<std::size_t>(sequence) & (kRing - 1)]; }
  // Packets without a gap that a message calls lost, the next of which came.
  struct Run {
    std::int64_t begin = 0, end = 0;
  };
  // How many of them an outage took: all or none.
  std::uint32_t forgive(Run run, std::uint32_t next_sent_at);
  void accumulate_delay(const Packet& packet, std::int64_t arrival_microseconds);

  std::array<Packet, kRing> ring_{};
  std::int64_t next_ = 0;        // extended transport sequence number
  std::int64_t first_ = 0;       // of this way
  std::int64_t spoken_of_ = -1;  // the newest that feedback has mentioned
  std::int64_t newest_received_ = -1;
  std::uint64_t ignored_ = 0;

  // The packet whose delay was taken last; delays are sums of differences from there.
  bool has_delay_ = false;
  std::uint32_t last_sent_at_ = 0;
  std::int64_t last_arrival_ = 0;
  Duration delay_{};
};

// For receivers without transport-wide numbers: one outgoing stream as its receiver's report blocks tell it (RFC 3550
// section 6.4.1). Eight bytes, in the outgoing stream.
class ReportedStream {
 public:
  static constexpr Duration kMaxRoundTrip = 10s;           // more is a lie or a mistake
  static constexpr std::uint32_t kMaxExpected = 1u << 14;  // packets between two reports; more is too

  // A report block about this stream; `ntp` is now on the clock of our sender reports.
  LineReport on_report_block(const wire::ReportBlock& block, NtpTime ntp);

 private:
  std::uint32_t highest_ = 0;
  bool started_ = false;
  std::uint32_t answered_ = 0;  // the last of our sender reports that told a round trip
};

}  // namespace bridgehall::session

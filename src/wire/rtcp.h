// RTCP (RFC 3550 section 6, RFC 4585, RFC 5104, transport-wide-cc, REMB), read in place and written into caller's
// memory. A compound packet (or a reduced-size one, RFC 5506) is walked once; a type we do not know is the caller's to
// skip. No allocation, no state; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"
#include "base/time.h"

namespace bridgehall::wire {

enum class RtcpType : std::uint8_t {
  sender_report = 200,
  receiver_report = 201,
  source_description = 202,
  bye = 203,
  application = 204,
  transport_feedback = 205,  // RTPFB: FMT 1 generic NACK, FMT 15 transport-wide-cc
  payload_feedback = 206,    // PSFB: FMT 1 PLI, FMT 4 FIR, FMT 15 application layer (REMB)
  extended_report = 207,
};
inline constexpr std::uint8_t kFormatNack = 1;
inline constexpr std::uint8_t kFormatTransportCc = 15;
inline constexpr std::uint8_t kFormatPli = 1;
inline constexpr std::uint8_t kFormatFir = 4;
inline constexpr std::uint8_t kFormatApplication = 15;

struct RtcpPacket {
  RtcpType type{};
  std::uint8_t count_or_format = 0;  // the 5 bits after version and padding
  BytesView body;                    // after the 4-byte header, without padding
};

// Walks a compound packet: `RtcpWalk walk(bytes); for (RtcpPacket p; walk.next(p);) …; if (walk.failed()) …`.
// It fails, and ends, at a wrong version, a length that overruns, or padding of zero or longer than the body.
class RtcpWalk {
 public:
  explicit RtcpWalk(BytesView compound) : rest_(compound) {}
  bool next(RtcpPacket& out);
  bool failed() const { return failed_; }

 private:
  BytesView rest_;
  bool failed_ = false;
};

inline constexpr std::size_t kMaxReportBlocks = 31;  // in one report: five bits count them

struct ReportBlock {
  Ssrc ssrc{};
  std::uint8_t fraction_lost = 0;        // of 256
  std::int32_t cumulative_lost = 0;      // 24 bits signed
  std::uint32_t highest_sequence = 0;    // extended, 32 bits
  std::uint32_t jitter = 0;              // timestamp units
  std::uint32_t last_sender_report = 0;  // LSR: compact NTP, 0 = none
  std::uint32_t delay_since_last = 0;    // DLSR: 1/65536 s
};

struct SenderInfo {
  Ssrc ssrc{};
  NtpTime ntp{};
  std::uint32_t rtp_timestamp = 0;
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;
};

// False when the body is too short for what its header says.
bool parse_sender_info(const RtcpPacket& packet, SenderInfo& out);
// Report blocks of an SR or RR, at most 31. Returns how many were written to `out`; 0 when the body is too short for
// what its header says.
std::size_t parse_report_blocks(const RtcpPacket& packet, std::span<ReportBlock> out);
// Media SSRC of a feedback packet; false when too short.
bool parse_feedback_ssrcs(const RtcpPacket& packet, Ssrc& sender, Ssrc& media);
// Calls visit(std::uint16_t sequence) for each number a generic NACK asks for (RFC 4585 section 6.2.1).
template <class Visit>
void for_each_nack(const RtcpPacket& packet, Visit&& visit) {
  for (std::size_t at = 8; at + 4 <= packet.body.size(); at += 4) {
    const std::uint16_t first = load_u16(packet.body.data() + at);
    std::uint16_t mask = load_u16(packet.body.data() + at + 2);
    visit(first);
    for (std::uint16_t i = 1; mask != 0; ++i, mask >>= 1)
      if (mask & 1) visit(static_cast<std::uint16_t>(first + i));
  }
}
// Calls visit(Ssrc) for each entry of a FIR (RFC 5104 section 4.3.1).
template <class Visit>
void for_each_fir(const RtcpPacket& packet, Visit&& visit) {
  for (std::size_t at = 8; at + 8 <= packet.body.size(); at += 8) visit(Ssrc{load_u32(packet.body.data() + at)});
}
// Bits per second of a REMB message; false when the packet is none, is too short or the value overflows.
bool parse_remb(const RtcpPacket& packet, std::uint64_t& bits_per_second);

// Writers append to `out`; false (nothing written) when it does not fit: the room, 31 report blocks, a CNAME of 255
// bytes.
bool write_sender_report(ByteWriter& out, const SenderInfo& info, std::span<const ReportBlock> blocks);
bool write_receiver_report(ByteWriter& out, Ssrc sender, std::span<const ReportBlock> blocks);
bool write_source_description(ByteWriter& out, Ssrc ssrc, std::string_view cname);
bool write_bye(ByteWriter& out, Ssrc ssrc);
// `sequences` ascending (modulo 2^16); packed into as few PID/BLP pairs as possible. False when empty.
bool write_nack(ByteWriter& out, Ssrc sender, Ssrc media, std::span<const std::uint16_t> sequences);
bool write_pli(ByteWriter& out, Ssrc sender, Ssrc media);
bool write_fir(ByteWriter& out, Ssrc sender, Ssrc media, std::uint8_t command_number);

// transport-wide-cc feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1), parsed: for the load
// generator, tests, and congestion control.
struct TransportFeedback {
  struct Entry {
    std::uint16_t sequence = 0;
    bool received = false;
    std::int64_t arrival_microseconds = 0;  // reference time + deltas (250 µs grain); only when received
  };
  Ssrc sender{}, media{};
  std::uint8_t feedback_count = 0;
  static constexpr std::size_t kMaxEntries = 2048;
};
// Writes one entry per sequence number to `out` and returns how many; -1 when malformed or more than `out` holds, with
// `out` in no useful state.
std::ptrdiff_t parse_transport_feedback(const RtcpPacket& packet, TransportFeedback& header,
                                        std::span<TransportFeedback::Entry> out);

}  // namespace bridgehall::wire

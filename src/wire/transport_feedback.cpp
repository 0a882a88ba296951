// The transport-wide-cc half of rtcp.h.
#include <algorithm>

#include "wire/rtcp.h"

namespace bridgehall::wire {
namespace {

using Entry = TransportFeedback::Entry;

// Packet status symbols: also the number of bytes of the receive delta.
constexpr unsigned kNotReceived = 0;
constexpr unsigned kReserved = 3;
constexpr std::int64_t kReferenceMicroseconds = 64'000;
constexpr std::int64_t kDeltaMicroseconds = 250;

// Until the deltas are read, an entry keeps its symbol where its arrival time will stand.
bool note(Entry& entry, unsigned symbol) {
  entry.received = symbol != kNotReceived;
  entry.arrival_microseconds = symbol;
  return symbol != kReserved;
}

// One status chunk over the front of `entries`. Returns how many it describes (a run or vector may go beyond the last
// entry, the surplus means nothing), or -1 at a reserved symbol.
std::ptrdiff_t read_chunk(std::uint16_t chunk, std::span<Entry> entries) {
  const bool vector = chunk & 0x8000;
  const bool two_bits = chunk & 0x4000;
  const std::size_t described = vector ? (two_bits ? 7 : 14) : chunk & 0x1fffu;
  const std::size_t count = std::min(described, entries.size());
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned symbol = !vector ? chunk >> 13 & 3 : two_bits ? chunk >> (12 - 2 * i) & 3 : chunk >> (13 - i) & 1;
    if (!note(entries[i], symbol)) return -1;
  }
  return static_cast<std::ptrdiff_t>(count);
}

}  // namespace

std::ptrdiff_t parse_transport_feedback(const RtcpPacket& packet, TransportFeedback& header, std::span<Entry> out) {
  if (packet.type != RtcpType::transport_feedback || packet.count_or_format != kFormatTransportCc) return -1;
  ByteReader in(packet.body);
  header.sender = Ssrc{in.u32()};
  header.media = Ssrc{in.u32()};
  const std::uint16_t base = in.u16();
  const std::size_t count = in.u16();
  const std::int32_t reference = static_cast<std::int32_t>(in.u24() << 8) >> 8;  // 24 bits signed
  header.feedback_count = in.u8();
  if (!in.ok() || count == 0 || count > out.size()) return -1;

  for (std::size_t described = 0; described < count;) {
    const std::uint16_t chunk = in.u16();
    const auto more = in.ok() ? read_chunk(chunk, out.subspan(described, count - described)) : -1;
    if (more < 0) return -1;
    described += static_cast<std::size_t>(more);
  }
  std::int64_t arrival = reference * kReferenceMicroseconds;
  for (std::size_t i = 0; i < count; ++i) {
    Entry& entry = out[i];
    entry.sequence = static_cast<std::uint16_t>(base + i);
    if (!entry.received) continue;
    const std::int64_t delta = entry.arrival_microseconds == 1 ? in.u8() : static_cast<std::int16_t>(in.u16());
    arrival += delta * kDeltaMicroseconds;
    entry.arrival_microseconds = arrival;
  }
  return in.ok() ? static_cast<std::ptrdiff_t>(count) : -1;
}

}  // namespace bridgehall::wire

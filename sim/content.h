// Payloads that carry their own proof: a codec's descriptor, bytes that follow from who made the packet and which one
// it is, and that identity at the end. A check makes the payload again and compares every byte.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "sim/ledger.h"

namespace bridgehall::sim {

inline constexpr std::size_t kIdentitySize = 12;
inline constexpr std::size_t kLeastPayload = 32;  // descriptor and identity of every codec fit

struct ContentIdentity {
  BroadcastId broadcast;
  std::uint32_t index = 0;  // of the packet in its broadcast
};

// Writes packet.payload_size bytes to `out`; with the picture id and TL0PICIDX given, which may be a receiver's.
void write_content(const Broadcast& broadcast, ContentIdentity identity, const SentPacket& packet,
                   std::uint16_t picture_id, std::uint8_t tl0_picture_index, MutableBytes out);

// What a payload says it is; nullopt when it is none of ours.
std::optional<ContentIdentity> read_identity(BytesView payload);

// A dependency descriptor of the AV1 RTP specification for the packet: three mandatory bytes, on keyframes a template
// structure (its content does not matter to a forwarder).
std::size_t write_dependency_descriptor(const SentPacket& packet, MutableBytes out);

}  // namespace bridgehall::sim

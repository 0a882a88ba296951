#include "sim/content.h"

#include "base/check.h"

namespace bridgehall::sim {
namespace {

constexpr std::uint32_t kMagic = 0x0b5e55ed;

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  return x ^ (x >> 31);
}

void write_picture_id(ByteWriter& out, const Broadcast& broadcast, std::uint16_t picture_id) {
  if (broadcast.picture_id_bits == 15)
    out.u16(static_cast<std::uint16_t>(0x8000 | picture_id));
  else if (broadcast.picture_id_bits == 7)
    out.u8(picture_id & 0x7f);
}

// RFC 7741 section 4.2, then the frame tag's P bit.
void write_vp8(ByteWriter& out, const Broadcast& broadcast, const SentPacket& packet, std::uint16_t picture_id,
               std::uint8_t tl0) {
  const bool start = packet.index == 0;
  const std::uint8_t discardable = packet.temporal_layer == 2 ? 0x20 : 0;
  if (broadcast.picture_id_bits == 0) {
    out.u8(static_cast<std::uint8_t>((start ? 0x10 : 0) | discardable));
  } else {
    out.u8(static_cast<std::uint8_t>(0x80 | (start ? 0x10 : 0) | discardable));
    out.u8(0xe0);  // I, L, T
    write_picture_id(out, broadcast, picture_id);
    out.u8(tl0);
    out.u8(static_cast<std::uint8_t>(packet.temporal_layer << 6));
  }
  out.u8(packet.keyframe ? 0x10 : 0x11);
}

// RFC 9628 section 4.2, non-flexible mode with layer indices.
void write_vp9(ByteWriter& out, const Broadcast& broadcast, const SentPacket& packet, std::uint16_t picture_id,
               std::uint8_t tl0) {
  const bool with_id = broadcast.picture_id_bits != 0;
  out.u8(static_cast<std::uint8_t>((with_id ? 0x80 : 0) | (packet.keyframe ? 0 : 0x40) | 0x20 |
                                   (packet.index == 0 ? 0x08 : 0) | (packet.marker ? 0x04 : 0)));
  if (with_id) write_picture_id(out, broadcast, picture_id);
  out.u8(static_cast<std::uint8_t>(packet.temporal_layer << 5));
  out.u8(tl0);
}

// RFC 6184 as libwebrtc packs it: parameter sets in a STAP-A, slices in FU-A.
void write_h264(ByteWriter& out, const SentPacket& packet) {
  if (packet.keyframe && packet.index == 0) {
    constexpr std::uint8_t kParameterSets[] = {0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 3, 0x68, 0xce, 0x3c};
    out.bytes(kParameterSets);
    // The rest of the payload is one more unit of the aggregate: supplemental information.
    const auto rest = packet.payload_size - out.size() - 2;
    out.u16(static_cast<std::uint16_t>(rest));
    out.u8(0x06);
    return;
  }
  const bool first_slice = packet.index == (packet.keyframe ? 1 : 0);
  out.u8(0x7c);
  out.u8(static_cast<std::uint8_t>((first_slice ? 0x80 : 0) | (packet.marker ? 0x40 : 0) | (packet.keyframe ? 5 : 1)));
  out.u8(first_slice ? 0x88 : 0x42);  // first_mb_in_slice 0, or later
}

// AV1 RTP specification section 4.4: one OBU element without a length.
void write_av1(ByteWriter& out, const SentPacket& packet) {
  const bool start = packet.index == 0;
  out.u8(static_cast<std::uint8_t>(0x10 | (start ? 0 : 0x80) | (packet.marker ? 0 : 0x40) |
                                   (start && packet.keyframe ? 0x08 : 0)));
  out.u8(static_cast<std::uint8_t>(start ? (packet.keyframe ? 1 : 6) << 3 : 0x55));
}

}  // namespace

void write_content(const Broadcast& broadcast, ContentIdentity identity, const SentPacket& packet,
                   std::uint16_t picture_id, std::uint8_t tl0_picture_index, MutableBytes out) {
  BRIDGEHALL_CHECK(packet.payload_size >= kLeastPayload && out.size() >= packet.payload_size);
  ByteWriter writer(out.first(packet.payload_size));
  switch (broadcast.codec) {
    case wire::Codec::opus:
      writer.u8(0x78);
      break;
    case wire::Codec::vp8:
      write_vp8(writer, broadcast, packet, picture_id, tl0_picture_index);
      break;
    case wire::Codec::vp9:
      write_vp9(writer, broadcast, packet, picture_id, tl0_picture_index);
      break;
    case wire::Codec::h264:
      write_h264(writer, packet);
      break;
    case wire::Codec::av1:
      write_av1(writer, packet);
      break;
  }
  std::uint64_t word = std::uint64_t{identity.broadcast.value()} << 40 | identity.index;
  while (writer.remaining() >= kIdentitySize + 8) writer.u64(word = mix(word + 0x9e3779b97f4a7c15u));
  writer.zeros(writer.remaining() - kIdentitySize);
  writer.u32(kMagic);
  writer.u32(identity.broadcast.value());
  writer.u32(identity.index);
  BRIDGEHALL_CHECK(writer.ok());
}

std::optional<ContentIdentity> read_identity(BytesView payload) {
  if (payload.size() < kLeastPayload) return std::nullopt;
  ByteReader in(payload.last(kIdentitySize));
  if (in.u32() != kMagic) return std::nullopt;
  const BroadcastId broadcast{in.u32()};
  return ContentIdentity{broadcast, in.u32()};
}

std::size_t write_dependency_descriptor(const SentPacket& packet, MutableBytes out) {
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>((packet.index == 0 ? 0x80 : 0) | (packet.marker ? 0x40 : 0) |
                                      (packet.keyframe ? 0 : 1)));
  writer.u16(static_cast<std::uint16_t>(packet.frame));
  if (packet.keyframe && packet.index == 0) {
    writer.u8(0x80);  // template_dependency_structure_present_flag
    writer.zeros(20);
  }
  return writer.size();
}

}  // namespace bridgehall::sim

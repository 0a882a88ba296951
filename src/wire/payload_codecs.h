// The readers behind parse_payload(), one per codec and file. Each takes a payload that is not empty.
#pragma once

#include "wire/payload.h"

namespace bridgehall::wire {

std::optional<PayloadInfo> parse_vp8(BytesView payload);
std::optional<PayloadInfo> parse_vp9(BytesView payload);
std::optional<PayloadInfo> parse_h264(BytesView payload);
std::optional<PayloadInfo> parse_av1(BytesView payload, BytesView dependency_descriptor);

// The picture id of VP8 and VP9: an M bit, then 7 or 15 bits.
inline void read_picture_id(ByteReader& in, PayloadInfo& info) {
  info.picture_id_offset = static_cast<std::uint8_t>(in.position());
  const std::uint8_t first = in.u8();
  const bool wide = first & 0x80;
  info.picture_id_bits = wide ? 15 : 7;
  info.picture_id = static_cast<std::uint16_t>(wide ? (first & 0x7f) << 8 | in.u8() : first);
}

inline void read_tl0_picture_index(ByteReader& in, PayloadInfo& info) {
  info.tl0_picture_index_offset = static_cast<std::uint8_t>(in.position());
  info.tl0_picture_index = in.u8();
}

}  // namespace bridgehall::wire

// VP8 payload descriptor (RFC 7741 section 4.2).
#include "wire/payload_codecs.h"

namespace bridgehall::wire {
namespace {

// A keyframe's header (RFC 6386 section 9.1): frame tag of three bytes, start code, width and height of 14 bits with
// two of scaling, least byte first.
void read_size(BytesView frame, PayloadInfo& info) {
  if (frame.size() < 10 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a) return;
  info.width = static_cast<std::uint16_t>((frame[6] | frame[7] << 8) & 0x3fff);
  info.height = static_cast<std::uint16_t>((frame[8] | frame[9] << 8) & 0x3fff);
}

}  // namespace

std::optional<PayloadInfo> parse_vp8(BytesView payload) {
  ByteReader in(payload);
  PayloadInfo info;
  const std::uint8_t first = in.u8();
  const bool extended = first & 0x80;
  info.discardable = first & 0x20;
  info.frame_start = (first & 0x10) && (first & 0x07) == 0;
  if (extended) {
    const std::uint8_t flags = in.u8();
    if (flags & 0x80) read_picture_id(in, info);
    if (flags & 0x40) read_tl0_picture_index(in, info);
    if (flags & 0x30) {  // T or K: one byte for both
      const std::uint8_t layer = in.u8();
      if (flags & 0x20) {
        info.temporal_layer = layer >> 6;
        info.layer_sync = layer & 0x20;
      }
    }
  }
  info.descriptor_size = static_cast<std::uint8_t>(in.position());
  const std::uint8_t frame_tag = in.u8();  // the first byte of the frame when one starts (section 4.3)
  if (!in.ok()) return std::nullopt;
  info.keyframe = info.frame_start && (frame_tag & 0x01) == 0;
  if (info.keyframe) read_size(payload.subspan(in.position() - 1), info);
  return info;
}

}  // namespace bridgehall::wire

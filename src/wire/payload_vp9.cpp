// VP9 payload descriptor (RFC 9628 section 4.2).
#include "wire/payload_codecs.h"

namespace bridgehall::wire {
namespace {

// Up to three reference indices, each with a bit that says whether another follows. False when a fourth is announced.
bool skip_references(ByteReader& in) {
  for (int i = 0; i < 3; ++i)
    if ((in.u8() & 0x01) == 0) return true;
  return false;
}

// Scalability structure (section 4.2.1): at most 255 pictures of at most 4 bytes, so the walk is bounded.
void skip_scalability_structure(ByteReader& in) {
  const std::uint8_t first = in.u8();
  const std::size_t spatial_layers = (first >> 5) + 1u;
  if (first & 0x10) in.skip(4 * spatial_layers);  // width and height
  if (first & 0x08) {
    const unsigned pictures = in.u8();
    for (unsigned i = 0; i < pictures && in.ok(); ++i) in.skip(in.u8() >> 2 & 0x03);
  }
}

}  // namespace

std::optional<PayloadInfo> parse_vp9(BytesView payload) {
  ByteReader in(payload);
  PayloadInfo info;
  const std::uint8_t flags = in.u8();
  const bool predicted = flags & 0x40;
  const bool has_layers = flags & 0x20;
  const bool flexible = flags & 0x10;
  const bool has_structure = flags & 0x02;
  bool depends_on_lower_layer = false;
  info.frame_start = flags & 0x08;
  info.frame_end = flags & 0x04;
  if (flags & 0x80) read_picture_id(in, info);
  if (has_layers) {
    const std::uint8_t layer = in.u8();
    info.temporal_layer = layer >> 5;
    info.layer_sync = layer & 0x10;
    info.spatial_layer = layer >> 1 & 0x07;
    depends_on_lower_layer = layer & 0x01;
    if (!flexible) read_tl0_picture_index(in, info);
  }
  info.descriptor_size = static_cast<std::uint8_t>(in.position());
  if (predicted && flexible && !skip_references(in)) return std::nullopt;
  if (has_structure) skip_scalability_structure(in);
  if (in.at_end()) return std::nullopt;  // overrun, or a descriptor without a frame behind it
  info.keyframe = info.frame_start && !predicted && (info.spatial_layer == 0 || !depends_on_lower_layer);
  return info;
}

}  // namespace bridgehall::wire

// What a forwarder needs to know of a payload: does a keyframe start here, and what must be rewritten when the source
// changes. One view for all codecs; descriptors are attacker's input and are read with bounds.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace bridgehall::wire {

enum class Codec : std::uint8_t { opus, vp8, vp9, h264, av1 };
enum class MediaKind : std::uint8_t { audio, video };
constexpr MediaKind kind_of(Codec codec) { return codec == Codec::opus ? MediaKind::audio : MediaKind::video; }
constexpr std::uint32_t clock_rate_of(Codec codec) { return codec == Codec::opus ? 48'000 : 90'000; }

// VP8: 6 (RFC 7741 section 4.2). VP9: 5.
inline constexpr std::size_t kMaxDescriptorSize = 6;

struct PayloadInfo {
  // A frame (VP9: a layer frame) begins here. H.264 has no mark for it: true for the slice that begins a picture and
  // for what may stand before it (delimiter, SEI, parameter sets), so more than one packet of a picture can say so.
  bool frame_start = false;
  bool frame_end = false;  // VP9's E and the dependency descriptor's end_of_frame; not known for VP8 and H.264
  bool keyframe = false;   // this packet begins a frame from which a decoder can start; always so for Opus
  // The payload's first bytes, up to the last one that forwarding rewrites: the whole VP8 descriptor; of VP9's the part
  // up to TL0PICIDX (the reference list and scalability structure after it stay with the shared rest). 0 for other
  // codecs.
  std::uint8_t descriptor_size = 0;
  // VP8 (RFC 7741) and VP9 (RFC 9628): offset and width of the picture id inside the descriptor; width 0 = absent.
  std::uint8_t picture_id_offset = 0;
  std::uint8_t picture_id_bits = 0;  // 7 or 15
  std::uint16_t picture_id = 0;
  // TL0PICIDX; offset 0 = absent (it is never the first byte).
  std::uint8_t tl0_picture_index_offset = 0;
  std::uint8_t tl0_picture_index = 0;
  std::uint8_t temporal_layer = 0;
  std::uint8_t spatial_layer = 0;
  bool layer_sync = false;   // VP8 Y / VP9 U: switching up to this temporal layer may happen here
  bool discardable = false;  // no other frame refers to this one: VP8 N, H.264 slices with nal_ref_idc 0
  std::uint16_t width = 0;   // of the picture, in VP8 keyframes; 0: not told here
  std::uint16_t height = 0;
};

// nullopt: the payload is malformed for its codec (a counted drop), or empty: padding-only packets are the caller's to
// tell apart before. For Opus every non-empty payload is a frame start.
// VP8: keyframe when S=1, PID=0 and the payload header's P bit is 0. VP9: when B=1, P=0 and spatial layer 0 (or D=0).
// H.264 (RFC 6184, packetization modes 0 and 1): single NAL, STAP-A, FU-A start: keyframe on SPS (7) or an IDR's first
// slice (5). AV1 (RTP specification 4.4): N bit, or a dependency descriptor with a template structure when the caller
// gives one.
std::optional<PayloadInfo> parse_payload(Codec codec, BytesView payload, BytesView dependency_descriptor = {});

// Copies the descriptor to `out` (at least info.descriptor_size bytes, so kMaxDescriptorSize suffices) with another
// picture id and TL0PICIDX. Returns its size, which stays. Values are cut to the width that is there.
std::size_t rewrite_descriptor(BytesView payload, const PayloadInfo& info, std::uint16_t picture_id,
                               std::uint8_t tl0_picture_index, MutableBytes out);

}  // namespace bridgehall::wire

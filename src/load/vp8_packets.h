// A VP8 frame cut into packets as libwebrtc cuts it: of nearly equal size, each with the full payload descriptor
// (RFC 7741 section 4.2). Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace bridgehall::load {

struct Vp8Descriptor {
  std::uint16_t picture_id = 0;  // 15 bits
  std::uint8_t tl0_picture_index = 0;
  std::uint8_t key_index = 0;  // 5 bits
  std::uint8_t temporal_layer = 0;
  bool layer_sync = false;
  bool discardable = false;
};

inline constexpr std::size_t kMaxVp8Payload = 1180;

// The payloads of the packets, in order.
std::vector<std::vector<std::uint8_t>> make_vp8_payloads(BytesView frame, const Vp8Descriptor& descriptor);

}  // namespace bridgehall::load

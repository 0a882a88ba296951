#include "wire/payload.h"

#include <cstring>

#include "base/check.h"
#include "wire/payload_codecs.h"

namespace bridgehall::wire {

std::optional<PayloadInfo> parse_payload(Codec codec, BytesView payload, BytesView dependency_descriptor) {
  if (payload.empty()) return std::nullopt;
  switch (codec) {
    case Codec::opus:
      return PayloadInfo{.frame_start = true, .keyframe = true};
    case Codec::vp8:
      return parse_vp8(payload);
    case Codec::vp9:
      return parse_vp9(payload);
    case Codec::h264:
      return parse_h264(payload);
    case Codec::av1:
      return parse_av1(payload, dependency_descriptor);
  }
  return std::nullopt;
}

std::size_t rewrite_descriptor(BytesView payload, const PayloadInfo& info, std::uint16_t picture_id,
                               std::uint8_t tl0_picture_index, MutableBytes out) {
  BRIDGEHALL_CHECK(payload.size() >= info.descriptor_size && out.size() >= info.descriptor_size);
  if (info.descriptor_size == 0) return 0;
  std::memcpy(out.data(), payload.data(), info.descriptor_size);
  std::uint8_t* const id = out.data() + info.picture_id_offset;
  if (info.picture_id_bits == 15)
    store_u16(id, static_cast<std::uint16_t>(0x8000 | picture_id));
  else if (info.picture_id_bits == 7)
    *id = static_cast<std::uint8_t>(picture_id & 0x7f);
  if (info.tl0_picture_index_offset != 0) out[info.tl0_picture_index_offset] = tl0_picture_index;
  return info.descriptor_size;
}

}  // namespace bridgehall::wire

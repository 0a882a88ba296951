// Any bytes as a payload. Byte 0 chooses the codec, byte 1 how many of the following are a dependency descriptor; the
// payload is the rest. Offsets stay inside the descriptor, and rewriting changes only the numbers it should.
#include <algorithm>
#include <array>
#include <vector>

#include "base/testing.h"
#include "wire/payload.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::wire;

void check_offsets(BytesView payload, const PayloadInfo& info) {
  BRIDGEHALL_CHECK(info.descriptor_size <= std::min(payload.size(), kMaxDescriptorSize));
  BRIDGEHALL_CHECK(info.picture_id_bits == 0 || info.picture_id_bits == 7 || info.picture_id_bits == 15);
  BRIDGEHALL_CHECK(info.picture_id_offset + (info.picture_id_bits + 1) / 8 <= info.descriptor_size);
  BRIDGEHALL_CHECK(info.tl0_picture_index_offset == 0 || info.tl0_picture_index_offset < info.descriptor_size);
  BRIDGEHALL_CHECK(info.picture_id < 1 << info.picture_id_bits);
}

bool same(const PayloadInfo& a, const PayloadInfo& b) {
  return a.frame_start == b.frame_start && a.frame_end == b.frame_end && a.keyframe == b.keyframe &&
         a.descriptor_size == b.descriptor_size && a.picture_id_offset == b.picture_id_offset &&
         a.picture_id_bits == b.picture_id_bits && a.picture_id == b.picture_id &&
         a.tl0_picture_index_offset == b.tl0_picture_index_offset && a.tl0_picture_index == b.tl0_picture_index &&
         a.temporal_layer == b.temporal_layer && a.spatial_layer == b.spatial_layer && a.layer_sync == b.layer_sync &&
         a.discardable == b.discardable;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto codec = static_cast<Codec>(data[0] % 5);
  const std::size_t descriptor_size = std::min<std::size_t>(data[1], size - 2);
  const BytesView dependency_descriptor{data + 2, descriptor_size};
  const BytesView payload{data + 2 + descriptor_size, size - 2 - descriptor_size};
  const auto info = parse_payload(codec, payload, dependency_descriptor);
  if (!info) return 0;
  check_offsets(payload, *info);

  const std::uint16_t picture_id = 0x5aa5;
  const std::uint8_t tl0_picture_index = 0x3c;
  auto rewritten = testing::to_vector(payload);
  BRIDGEHALL_CHECK(rewrite_descriptor(payload, *info, picture_id, tl0_picture_index, rewritten) ==
                   info->descriptor_size);
  const auto again = parse_payload(codec, rewritten, dependency_descriptor);
  auto expected = *info;
  if (info->picture_id_bits != 0) expected.picture_id = picture_id & ((1 << info->picture_id_bits) - 1);
  if (info->tl0_picture_index_offset != 0) expected.tl0_picture_index = tl0_picture_index;
  BRIDGEHALL_CHECK(again && same(*again, expected));
  return 0;
}

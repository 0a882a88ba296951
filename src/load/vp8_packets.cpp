#include "load/vp8_packets.h"

#include <array>

namespace bridgehall::load {
namespace {

constexpr std::size_t kDescriptorSize = 6;
constexpr std::size_t kMaxPiece = kMaxVp8Payload - kDescriptorSize;
constexpr std::uint8_t kExtended = 0x80, kNonReference = 0x20, kStart = 0x10;
constexpr std::uint8_t kPictureId = 0x80, kTl0 = 0x40, kTid = 0x20, kKey = 0x10;

std::array<std::uint8_t, kDescriptorSize> write_descriptor(const Vp8Descriptor& d, bool start) {
  std::array<std::uint8_t, kDescriptorSize> out;
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(kExtended | (d.discardable ? kNonReference : 0) | (start ? kStart : 0)));
  writer.u8(kPictureId | kTl0 | kTid | kKey);
  writer.u16(static_cast<std::uint16_t>(0x8000 | d.picture_id));
  writer.u8(d.tl0_picture_index);
  writer.u8(static_cast<std::uint8_t>(d.temporal_layer << 6 | (d.layer_sync ? 0x20 : 0) | d.key_index));
  return out;
}

}  // namespace

std::vector<std::vector<std::uint8_t>> make_vp8_payloads(BytesView frame, const Vp8Descriptor& descriptor) {
  const auto count = (frame.size() + kMaxPiece - 1) / kMaxPiece;
  std::vector<std::vector<std::uint8_t>> payloads;
  payloads.reserve(count);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto end = frame.size() * (i + 1) / count;
    const auto head = write_descriptor(descriptor, i == 0);
    auto& payload = payloads.emplace_back(head.begin(), head.end());
    payload.insert(payload.end(), frame.begin() + static_cast<std::ptrdiff_t>(begin),
                   frame.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end;
  }
  return payloads;
}

}  // namespace bridgehall::load

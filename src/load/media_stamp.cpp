#include "load/media_stamp.h"

#include <array>

namespace bridgehall::load {
namespace {
constexpr std::uint32_t kMark = 0xb41d6e5a;
}

void append_stamp(std::vector<std::uint8_t>& frame, const MediaStamp& stamp) {
  std::array<std::uint8_t, kMediaStampSize> bytes;
  ByteWriter writer(bytes);
  writer.u64(static_cast<std::uint64_t>(stamp.sent.time_since_epoch().count()));
  writer.u16(stamp.sender);
  writer.u8(stamp.layer);
  writer.u8(0);
  writer.u32(kMark);
  frame.insert(frame.end(), bytes.begin(), bytes.end());
}

std::optional<MediaStamp> find_stamp(BytesView payload) {
  if (payload.size() < kMediaStampSize) return std::nullopt;
  ByteReader reader(payload.last(kMediaStampSize));
  MediaStamp stamp;
  stamp.sent = TimePoint{Duration{static_cast<std::int64_t>(reader.u64())}};
  stamp.sender = reader.u16();
  stamp.layer = reader.u8();
  reader.skip(1);
  if (reader.u32() != kMark) return std::nullopt;
  return stamp;
}

std::vector<std::uint8_t> stamp_opus(BytesView packet, const MediaStamp& stamp) {
  std::vector<std::uint8_t> out(packet.begin(), packet.end());
  if (packet.empty() || (packet[0] & 3) != 0) return out;  // TOC, code 0: one frame, and that is all
  // Code 3: a count (here constant rate, padding, one frame), the padding's length, the frame, the padding.
  constexpr std::uint8_t kOnePadded = 0x41;
  out[0] |= 3;
  const std::array<std::uint8_t, 2> more{kOnePadded, kMediaStampSize};
  out.insert(out.begin() + 1, more.begin(), more.end());
  append_stamp(out, stamp);
  return out;
}

}  // namespace bridgehall::load

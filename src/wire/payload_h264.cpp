// H.264 payloads of packetization modes 0 and 1 (RFC 6184 sections 5.6, 5.7.1, 5.8).
#include "wire/payload_codecs.h"

namespace bridgehall::wire {
namespace {

enum NalType : std::uint8_t {
  kSlice = 1,
  kIdrSlice = 5,
  kSei = 6,
  kSequenceParameterSet = 7,
  kPictureParameterSet = 8,
  kAccessUnitDelimiter = 9,
  kLastSingleNal = 23,
  kStapA = 24,
  kFuA = 28,
};

// Adds what one NAL unit of type `type` tells. `body` is what follows its header byte.
void note_nal(std::uint8_t type, bool reference, BytesView body, PayloadInfo& info) {
  switch (type) {
    case kSlice:
    case kIdrSlice: {
      // A slice header begins with first_mb_in_slice, an Exp-Golomb number: 0 is written as a single 1 bit.
      const bool first_of_picture = !body.empty() && (body[0] & 0x80);
      info.frame_start |= first_of_picture;
      info.keyframe |= first_of_picture && type == kIdrSlice;
      info.discardable = !reference;
      return;
    }
    case kSequenceParameterSet:
      info.keyframe = true;
      [[fallthrough]];
    case kSei:
    case kPictureParameterSet:
    case kAccessUnitDelimiter:
      info.frame_start = true;
      return;
    default:
      return;
  }
}

bool is_reference(std::uint8_t nal_header) { return nal_header & 0x60; }

std::optional<PayloadInfo> parse_aggregate(BytesView units) {
  PayloadInfo info;
  ByteReader in(units);
  do {
    const BytesView unit = in.bytes(in.u16());
    if (unit.empty()) return std::nullopt;
    const std::uint8_t type = unit[0] & 0x1f;
    if (type == 0 || type > kLastSingleNal) return std::nullopt;  // aggregates are not nested
    note_nal(type, is_reference(unit[0]), unit.subspan(1), info);
  } while (!in.at_end());
  return info;
}

std::optional<PayloadInfo> parse_fragment(BytesView payload) {
  if (payload.size() < 3) return std::nullopt;  // an FU payload is not empty (section 5.8)
  PayloadInfo info;
  const std::uint8_t type = payload[1] & 0x1f;
  if (type == 0 || type > kLastSingleNal) return std::nullopt;
  if (payload[1] & 0x80)
    note_nal(type, is_reference(payload[0]), payload.subspan(2), info);
  else
    info.discardable = (type == kSlice || type == kIdrSlice) && !is_reference(payload[0]);
  return info;
}

}  // namespace

std::optional<PayloadInfo> parse_h264(BytesView payload) {
  const std::uint8_t type = payload[0] & 0x1f;
  if (type == kStapA) return parse_aggregate(payload.subspan(1));
  if (type == kFuA) return parse_fragment(payload);
  if (type == 0 || type > kLastSingleNal) return std::nullopt;  // 25–27, 29: interleaved mode; 0, 30, 31: undefined
  PayloadInfo info;
  note_nal(type, is_reference(payload[0]), payload.subspan(1), info);
  return info;
}

}  // namespace bridgehall::wire

// AV1 aggregation header and OBU elements (AV1 RTP specification, sections 4.3 to 4.5); where frames begin and end is
// taken from the dependency descriptor when there is one.
#include "wire/dependency_descriptor.h"
#include "wire/payload_codecs.h"

namespace bridgehall::wire {
namespace {

enum ObuType : std::uint8_t { kSequenceHeader = 1, kTemporalDelimiter = 2, kFrameHeader = 3, kFrame = 6 };

// leb128: AV1 specification section 4.10.5. A length in a packet needs at most three bytes; eight are allowed.
std::size_t read_leb128(ByteReader& in) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) {
    const std::uint8_t byte = in.u8();
    value |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if ((byte & 0x80) == 0) return value;
  }
  in.skip(SIZE_MAX);  // no end: fails the reader
  return 0;
}

// Walks all OBU elements so that lengths that lie are found, and returns the first; empty when malformed.
BytesView first_element(BytesView payload, unsigned count) {
  ByteReader in(payload);
  BytesView first;
  for (unsigned i = 1; !in.at_end(); ++i) {
    const bool last_without_length = i == count;
    const BytesView element = last_without_length ? in.rest() : in.bytes(read_leb128(in));
    if (i == 1) first = element;
    if (!in.ok()) return {};
    if (count != 0 && i < count && in.at_end()) return {};  // fewer elements than announced
  }
  return first;
}

// What an OBU header says (AV1 specification section 5.3).
void note_obu(BytesView obu, PayloadInfo& info) {
  const unsigned type = obu[0] >> 3 & 0x0f;
  info.frame_start = type == kSequenceHeader || type == kTemporalDelimiter || type == kFrameHeader || type == kFrame;
  const bool has_extension = obu[0] & 0x04;
  if (has_extension && obu.size() >= 2) {
    info.temporal_layer = obu[1] >> 5;
    info.spatial_layer = obu[1] >> 3 & 0x03;
  }
}

}  // namespace

std::optional<PayloadInfo> parse_av1(BytesView payload, BytesView dependency_descriptor) {
  const std::uint8_t header = payload[0];
  const bool continues = header & 0x80;
  const bool new_sequence = header & 0x08;
  if (continues && new_sequence) return std::nullopt;  // section 4.4: N=1 needs Z=0
  const BytesView first = first_element(payload.subspan(1), header >> 4 & 0x03);
  if (first.empty()) return std::nullopt;

  PayloadInfo info;
  if (!continues) note_obu(first, info);
  info.keyframe = new_sequence;
  if (!dependency_descriptor.empty()) {
    const auto fields = parse_mandatory_fields(dependency_descriptor);
    if (!fields) return std::nullopt;
    info.frame_start = fields->start_of_frame;
    info.frame_end = fields->end_of_frame;
    info.keyframe |= fields->start_of_frame && fields->brings_structure;
  }
  return info;
}

}  // namespace bridgehall::wire

// Any datagram as RTP: nothing is read beyond it, and what was read can be written and read again.
#include <algorithm>
#include <array>
#include <vector>

#include "base/testing.h"
#include "wire/rtp.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::wire;

struct Element {
  std::uint8_t id;
  BytesView value;
};

std::vector<Element> elements_of(BytesView packet, const RtpHeader& header) {
  std::vector<Element> elements;
  for_each_extension(packet, header, [&](std::uint8_t id, BytesView value) {
    BRIDGEHALL_CHECK(id != 0 && testing::lies_inside(value, packet));
    elements.push_back({id, value});
  });
  return elements;
}

void write_and_read_again(const RtpHeader& header, const std::vector<Element>& elements) {
  std::vector<std::uint8_t> out(0x10000);
  RtpHeaderWriter writer(out,
                         {.marker = header.marker,
                          .has_padding = header.has_padding,
                          .payload_type = header.payload_type,
                          .sequence_number = header.sequence_number,
                          .timestamp = header.timestamp,
                          .ssrc = header.ssrc},
                         header.extension_form);
  for (const auto& element : elements) BRIDGEHALL_CHECK(writer.add(element.id, element.value));
  out.resize(writer.finish());
  const auto again = parse_rtp_header(out);
  BRIDGEHALL_CHECK(again && again->header_size == out.size());
  BRIDGEHALL_CHECK(again->marker == header.marker && again->has_padding == header.has_padding);
  BRIDGEHALL_CHECK(again->payload_type == header.payload_type && again->sequence_number == header.sequence_number);
  BRIDGEHALL_CHECK(again->timestamp == header.timestamp && again->ssrc == header.ssrc);
  const auto same = elements_of(out, *again);
  BRIDGEHALL_CHECK(std::ranges::equal(same, elements, [](const Element& a, const Element& b) {
    return a.id == b.id && std::ranges::equal(a.value, b.value);
  }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView packet{data, size};
  const auto kind = classify_datagram(packet);
  const auto header = parse_rtp_header(packet);
  BRIDGEHALL_CHECK(kind != DatagramKind::rtp || header || header.error() != RtpError::too_short);
  if (!header) return 0;
  BRIDGEHALL_CHECK(header->header_size >= kRtpFixedHeaderSize && header->header_size <= size);
  BRIDGEHALL_CHECK(header->extensions_offset + header->extensions_size <= header->header_size);
  if (const auto payload = rtp_payload(packet, *header)) {
    BRIDGEHALL_CHECK(testing::lies_inside(*payload, packet.subspan(header->header_size)));
    BRIDGEHALL_CHECK(header->has_padding == (payload->size() < size - header->header_size));
  }
  write_and_read_again(*header, elements_of(packet, *header));
  return 0;
}

// Any datagram as a compound RTCP packet, each packet read as everything it may be: nothing is read beyond it, and what
// was read can be written and read again.
#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/testing.h"
#include "wire/rtcp.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::wire;

// Writes, and returns the packet as read back; it lies in memory kept from run to run, for speed.
template <class Write>
RtcpPacket written(Write&& write) {
  static std::vector<std::uint8_t> memory(0x40000);
  ByteWriter writer(memory);
  BRIDGEHALL_CHECK(write(writer));
  RtcpWalk walk(writer.written());
  RtcpPacket packet, second;
  BRIDGEHALL_CHECK(walk.next(packet) && !walk.next(second) && !walk.failed());
  return packet;
}

void check_reports(const RtcpPacket& packet) {
  std::array<ReportBlock, 31> storage, again;
  const std::size_t count = parse_report_blocks(packet, storage);
  BRIDGEHALL_CHECK(count == 0 || count == packet.count_or_format);
  const std::span blocks{storage.data(), count};
  SenderInfo info;
  const bool is_sender_report = parse_sender_info(packet, info);
  const auto copy = written([&](ByteWriter& writer) {
    return is_sender_report ? write_sender_report(writer, info, blocks)
                            : write_receiver_report(writer, info.ssrc, blocks);
  });
  BRIDGEHALL_CHECK(parse_report_blocks(copy, again) == count);
  if (is_sender_report) BRIDGEHALL_CHECK(std::ranges::equal(copy.body, packet.body.first(copy.body.size())));
}

void check_nack(const RtcpPacket& packet) {
  if (packet.type != RtcpType::transport_feedback) return;
  std::vector<std::uint16_t> sequences;
  for_each_nack(packet, [&](std::uint16_t sequence) { sequences.push_back(sequence); });
  if (sequences.empty()) return;
  const auto copy = written([&](ByteWriter& writer) { return write_nack(writer, {}, {}, sequences); });
  std::set<std::uint16_t> again;
  for_each_nack(copy, [&](std::uint16_t sequence) { again.insert(sequence); });
  BRIDGEHALL_CHECK(again == std::set<std::uint16_t>(sequences.begin(), sequences.end()));
}

void check_transport_feedback(const RtcpPacket& packet) {
  TransportFeedback header;
  static std::vector<TransportFeedback::Entry> entries(TransportFeedback::kMaxEntries);
  const auto count = parse_transport_feedback(packet, header, entries);
  BRIDGEHALL_CHECK(count >= -1 && count != 0 && count <= static_cast<std::ptrdiff_t>(entries.size()));
  for (std::ptrdiff_t i = 1; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    BRIDGEHALL_CHECK(entries[at].sequence == static_cast<std::uint16_t>(entries[at - 1].sequence + 1));
  }
}

void check_picture_requests(const RtcpPacket& packet) {
  Ssrc sender, media;
  const bool has_ssrcs = parse_feedback_ssrcs(packet, sender, media);
  std::size_t asked = 0;
  for_each_fir(packet, [&](Ssrc) { ++asked; });
  BRIDGEHALL_CHECK(has_ssrcs || asked == 0);
  std::uint64_t bits_per_second;
  if (parse_remb(packet, bits_per_second)) BRIDGEHALL_CHECK(has_ssrcs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView compound{data, size};
  RtcpWalk walk(compound);
  std::size_t walked = 0;
  for (RtcpPacket packet; walk.next(packet);) {
    BRIDGEHALL_CHECK(testing::lies_inside(packet.body, compound));
    walked += 4 + packet.body.size();
    check_reports(packet);
    check_nack(packet);
    check_transport_feedback(packet);
    check_picture_requests(packet);
  }
  BRIDGEHALL_CHECK(walked <= size);
  return 0;
}

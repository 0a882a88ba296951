#include "load/media_receiver.h"

#include <algorithm>

namespace bridgehall::load {
namespace {
constexpr Duration kReportInterval = 1s;
constexpr Duration kLikelyRoundTrip = 10ms;  // until STUN has measured one
constexpr std::size_t kMaxBlocks = 31;       // RFC 3550: five bits
}  // namespace

MediaReceiver::MediaReceiver(std::vector<SlotReceiver> slots, std::string cname, RandomSource& random)
    : cname_(std::move(cname)), own_ssrc_(random.u32() | 1), slots_(std::move(slots)) {}

SlotReceiver* MediaReceiver::find(Ssrc ssrc) {
  for (auto& slot : slots_)
    if (slot.agreed().ssrc == ssrc || (slot.agreed().rtx_ssrc == ssrc && ssrc.value() != 0)) return &slot;
  return nullptr;
}

void MediaReceiver::handle_rtp(MutableBytes datagram, PeerLink& link, TimePoint now, TimePoint arrived,
                               LatencyHistogram* latency) {
  const auto header = wire::parse_rtp_header(datagram);
  if (!header) return;
  auto* slot = find(header->ssrc);
  if (slot == nullptr) {
    ++strays_;
    return;
  }
  const auto id = slot->agreed().slot.extensions[wire::ExtensionKind::transport_sequence];
  arrivals_.note(datagram, *header, id, arrived);
  slot->handle_rtp(datagram, *header, link.transport().opener(), now, latency);
  if (!first_frame_ && slot->is_video() && slot->shown()) first_frame_ = now;
}

void MediaReceiver::handle_rtcp(BytesView compound, TimePoint now) {
  wire::RtcpWalk walk(compound);
  for (wire::RtcpPacket packet; walk.next(packet);) {
    wire::SenderInfo info;
    if (packet.type != wire::RtcpType::sender_report || !parse_sender_info(packet, info)) continue;
    for (auto& slot : slots_) slot.handle_sender_report(info, now);
  }
}

TimePoint MediaReceiver::next_deadline() const {
  auto deadline = std::min(next_report_, arrivals_.next_deadline());
  for (const auto& slot : slots_)
    if (slot.is_video()) deadline = std::min({deadline, slot.next_pli(), slot.log().next_nack_deadline()});
  return deadline;
}

void MediaReceiver::handle_timeout(TimePoint now, PeerLink& link) {
  arrivals_.send_due(now, own_ssrc_, link);
  for (auto& slot : slots_) {
    if (!slot.is_video()) continue;
    if (slot.log().next_nack_deadline() <= now) send_nacks(slot, now, link);
    if (slot.next_pli() <= now) ask_for_keyframe(slot, now, link);
  }
  if (next_report_ <= now) send_reports(now, link);
}

void MediaReceiver::send_nacks(SlotReceiver& slot, TimePoint now, PeerLink& link) {
  std::array<std::uint16_t, session::ReceiveLog::kMaxMissing> missing;
  const auto round_trip = link.transport().round_trip_time().value_or(kLikelyRoundTrip);
  const auto count = slot.log().collect_nacks(now, round_trip, missing);
  if (count == 0) return;
  std::array<std::uint8_t, 1200> buffer;
  ByteWriter writer(buffer);
  wire::write_receiver_report(writer, own_ssrc_, {});
  wire::write_nack(writer, own_ssrc_, slot.agreed().ssrc, std::span(missing).first(count));
  link.send_rtcp(writer.written());
  slot.count_nacked(count);
}

void MediaReceiver::ask_for_keyframe(SlotReceiver& slot, TimePoint now, PeerLink& link) {
  std::array<std::uint8_t, 64> buffer;
  ByteWriter writer(buffer);
  wire::write_receiver_report(writer, own_ssrc_, {});
  wire::write_pli(writer, own_ssrc_, slot.agreed().ssrc);
  link.send_rtcp(writer.written());
  slot.count_pli(now);
}

void MediaReceiver::send_reports(TimePoint now, PeerLink& link) {
  next_report_ = now + kReportInterval;
  std::array<wire::ReportBlock, kMaxBlocks> blocks;
  std::size_t count = 0;
  for (auto& slot : slots_)
    if (slot.log().started() && count < blocks.size()) blocks[count++] = slot.log().report(slot.agreed().ssrc, now);
  std::array<std::uint8_t, 1200> buffer;
  ByteWriter writer(buffer);
  wire::write_receiver_report(writer, own_ssrc_, std::span(blocks).first(count));
  wire::write_source_description(writer, own_ssrc_, cname_);
  link.send_rtcp(writer.written());
}

SlotCounters MediaReceiver::counters() const {
  SlotCounters sum{.strays = strays_};
  for (const auto& slot : slots_) sum += slot.counters();
  return sum;
}

}  // namespace bridgehall::load

// The receiving half of a page's media, and the checks of what it is sent.
#include <algorithm>

#include "base/sequence.h"
#include "sim/seat_media.h"

namespace bridgehall::sim {
namespace {

constexpr Duration kRoundTrip = 60ms;

}  // namespace

const SeatMedia::Slot* SeatMedia::slot(media::SlotNumber number) const {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.number == number; });
  return found == slots_.end() ? nullptr : &*found;
}

const SeatMedia::Slot* SeatMedia::slot_of(media::SlotUse use) const {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.use == use; });
  return found == slots_.end() ? nullptr : &*found;
}

TimePoint SeatMedia::heard_of(std::uint32_t owner) const {
  const auto found = heard_.find(owner);
  return found == heard_.end() ? TimePoint{} : found->second.captured;
}

std::uint64_t SeatMedia::heard_packets(std::uint32_t owner) const {
  const auto found = heard_.find(owner);
  return found == heard_.end() ? 0 : found->second.packets;
}

std::uint64_t SeatMedia::decoded() const {
  std::uint64_t frames = 0;
  for (const auto& slot : slots_) frames += slot.frames.decoded();
  return frames;
}

SeatMedia::Slot* SeatMedia::find_slot(Ssrc ssrc, bool& rtx) {
  for (auto& slot : slots_) {
    const auto& track = slot.check.track();
    rtx = track.rtx_ssrc == ssrc && track.rtx_ssrc != Ssrc{};
    if (rtx || track.ssrc == ssrc) return &slot;
  }
  return nullptr;
}

// -- as packets leave the server --

void SeatMedia::on_left_server(BytesView sealed) {
  if (wire::classify_datagram(sealed) != wire::DatagramKind::rtp) return;
  if (connected_at() != kNever) return check_sealed(sealed, now());
  waiting_.push_back({{sealed.begin(), sealed.end()}, now()});
}

void SeatMedia::check_sealed(BytesView sealed, TimePoint at) {
  const auto header = wire::parse_rtp_header(sealed);
  if (!header) return world().violations.add(at, "{} is sent malformed RTP", name());
  bool rtx = false;
  auto* slot = find_slot(header->ssrc, rtx);
  if (slot == nullptr) return world().violations.add(at, "{} is sent ssrc {}", name(), header->ssrc.value());
  std::copy(sealed.begin(), sealed.end(), scratch_.begin());
  const auto plain = MutableBytes{scratch_}.first(sealed.size());
  const auto opened = transport().opener().open_rtp(plain, *header, rtx ? slot->tap_rtx_srtp : slot->tap_srtp);
  if (!opened)
    return world().violations.add(at, "{} is sent RTP that does not open ({})", name(),
                                  static_cast<int>(opened.error()));
  const auto packet = plain.first(opened->size);
  if (rtx) return slot->check.on_repeated(packet, *header, at);
  slot->check.on_sent(packet, *header, static_cast<std::int64_t>(opened->index), at);
  if (at == now()) judge(*slot, at);  // what its slot was filled with before is not known any more
}

// Is it what the slot was filled with, or had before that and still keeps?
void SeatMedia::judge(Slot& slot, TimePoint at) {
  const auto newest = slot.check.newest_broadcast();
  if (!newest) return;
  const auto& broadcast = world().ledger[*newest];
  if (broadcast.owner == options_.owner)
    world().violations.add(at, "{} is sent what it sends itself, in slot {}", name(), slot.number);
  if (slot.use == media::SlotUse::voice) {
    const auto* sent = slot.check.sent(slot.check.newest_sequence());
    if (sent != nullptr) voices_.on_sent(sent->broadcast, sent->index, slot.place, at, world().violations);
    return;
  }
  auto& filled = filled_[slot.number];
  const auto shown = std::find(filled.begin(), filled.end(), broadcast.publication);
  if (shown == filled.end())
    return world().violations.add(at, "{} is sent publication {} in slot {}, which was filled with {}", name(),
                                  broadcast.publication.value(), slot.number,
                                  filled.empty() ? 0 : filled.back().value());
  filled.erase(filled.begin(), shown);  // and never again what it had before
}

void SeatMedia::check_complete(TimePoint end) {
  if (server_connected_at() == kNever || !connected()) return;
  for (auto& slot : slots_) slot.check.check_complete(server_connected_at(), end);
}

// -- as they arrive --

void SeatMedia::on_rtp(Datagram& datagram) {
  const auto header = wire::parse_rtp_header(datagram.bytes);
  bool rtx = false;
  auto* slot = header ? find_slot(header->ssrc, rtx) : nullptr;
  if (slot == nullptr) return;  // a violation where it left
  const auto opened = transport().opener().open_rtp(datagram.bytes, *header, rtx ? slot->rtx_srtp : slot->srtp);
  if (!opened) {
    const bool replayed = opened.error() == crypto::SrtpError::replayed || opened.error() == crypto::SrtpError::too_old;
    if (!replayed) world().violations.add(now(), "{} cannot open RTP", name());
    return;
  }
  const auto plain = BytesView{datagram.bytes}.first(opened->size);
  note_transport_number(*slot, plain, *header);
  auto sequence = static_cast<std::int64_t>(opened->index);
  if (rtx) {
    const auto payload = wire::rtp_payload(plain, *header);
    if (!payload || payload->size() < 2) return;
    sequence = extend_sequence(slot->check.newest_sequence(), load_u16(payload->data()));
  }
  const auto noted = slot->log.on_packet(static_cast<std::uint16_t>(sequence), header->timestamp, now(), rtx);
  using Arrival = session::ReceiveLog::Arrival;
  if (noted.arrival == Arrival::in_order || noted.arrival == Arrival::late) on_media(*slot, sequence);
}

void SeatMedia::note_transport_number(const Slot& slot, BytesView plain, const wire::RtpHeader& header) {
  const auto wanted = slot.check.track().track.extensions[wire::ExtensionKind::transport_sequence];
  if (wanted == 0) return;
  wire::for_each_extension(plain, header, [&](std::uint8_t id, BytesView value) {
    if (id == wanted && value.size() == 2) arrivals_.on_packet(load_u16(value.data()), now());
  });
}

void SeatMedia::on_media(Slot& slot, std::int64_t sequence) {
  const auto* sent = slot.check.sent(sequence);
  if (sent == nullptr) return;
  const auto& broadcast = world().ledger[sent->broadcast];
  const auto& packet = broadcast.packets[sent->index];
  if (slot.use == media::SlotUse::voice) {
    if ((packet.audio_level & 0x7f) == 127) return;
    auto& heard = heard_[broadcast.owner];
    heard.captured = std::max(heard.captured, packet.captured_at);
    ++heard.packets;
    return;
  }
  // Each time that the slot goes over to something else is a stream of its own for a decoder.
  if (slot.frames.on_packet(BroadcastId{sent->epoch}, packet, now()) == 0) return;
  slot.seen = broadcast.owner;
  slot.seen_broadcast = sent->broadcast;
  slot.seen_captured = slot.frames.newest_capture();
  world().trace.note(now(), TraceKind::frame_decoded, peer().value(), slot.number, slot.frames.decoded());
}

void SeatMedia::on_rtcp(const wire::RtcpPacket& packet, TimePoint sent_at) {
  using enum wire::RtcpType;
  wire::SenderInfo info;
  Ssrc sender, media;
  bool rtx = false;
  if (packet.type == sender_report) {
    if (!wire::parse_sender_info(packet, info)) return;
    if (auto* slot = find_slot(info.ssrc, rtx); slot != nullptr && !rtx)
      slot->log.on_sender_report(info.ntp, now());
    else
      world().violations.add(now(), "{} is sent a report of ssrc {}", name(), info.ssrc.value());
  } else if (packet.type == transport_feedback && packet.count_or_format == wire::kFormatNack) {
    on_nack(packet);
  } else if (packet.type == payload_feedback && packet.count_or_format == wire::kFormatPli) {
    if (wire::parse_feedback_ssrcs(packet, sender, media)) on_keyframe_request(media, sent_at);
  } else if (packet.type == payload_feedback && packet.count_or_format == wire::kFormatFir) {
    wire::for_each_fir(packet, [&](Ssrc ssrc) { on_keyframe_request(ssrc, sent_at); });
  }
}

// -- what is asked for and reported --

void SeatMedia::look_after_slots() {
  for (auto& slot : slots_) {
    if (slot.use == media::SlotUse::voice) continue;
    const auto ssrc = slot.check.track().ssrc;
    if (now() >= slot.log.next_nack_deadline()) {
      std::array<std::uint16_t, 64> missing;
      const auto count = slot.log.collect_nacks(now(), kRoundTrip, missing);
      if (count > 0)
        send_rtcp([&](ByteWriter& out) { wire::write_nack(out, own_ssrc_, ssrc, std::span{missing}.first(count)); });
    }
    if (slot.frames.stuck_since() == kNever || now() < slot.frames.stuck_since() + kPatience) continue;
    if (now() < slot.next_request) continue;
    slot.next_request = now() + 500ms;
    send_rtcp([&](ByteWriter& out) { wire::write_pli(out, own_ssrc_, ssrc); });
  }
}

void SeatMedia::send_receiver_report() {
  std::array<wire::ReportBlock, 31> blocks;
  std::size_t count = 0;
  for (auto& slot : slots_)
    if (slot.log.started() && count < blocks.size()) blocks[count++] = slot.log.report(slot.check.track().ssrc, now());
  send_rtcp([&](ByteWriter& out) {
    wire::write_receiver_report(out, own_ssrc_, std::span{blocks}.first(count));
    wire::write_source_description(out, own_ssrc_, name());
  });
}

void SeatMedia::send_arrivals() {
  std::array<std::uint8_t, 1'200> buffer;
  for (auto size = arrivals_.build(now(), own_ssrc_, own_ssrc_, buffer); size > 0;
       size = arrivals_.build(now(), own_ssrc_, own_ssrc_, buffer))
    send_rtcp([&](ByteWriter& out) { out.bytes(BytesView{buffer}.first(size)); });
}

}  // namespace bridgehall::sim

#include "load/slot_receiver.h"

#include <algorithm>

#include "wire/payload.h"

namespace bridgehall::load {
namespace {
constexpr Duration kPliInterval = 500ms;
constexpr std::uint32_t kSoundStep = 960;  // 20 ms of 48 kHz

template <class Visit>
void for_each_counter(Visit&& visit) {
  for (const auto member :
       {&SlotCounters::packets, &SlotCounters::bytes, &SlotCounters::expected, &SlotCounters::received,
        &SlotCounters::duplicates, &SlotCounters::retransmissions, &SlotCounters::nacked, &SlotCounters::plis,
        &SlotCounters::undecryptable, &SlotCounters::strays, &SlotCounters::frames, &SlotCounters::keyframes,
        &SlotCounters::sounds, &SlotCounters::switches, &SlotCounters::voice_changes, &SlotCounters::picture_breaks,
        &SlotCounters::dirty_switches, &SlotCounters::sound_jumps})
    visit(member);
}
}  // namespace

SlotCounters& SlotCounters::operator+=(const SlotCounters& other) {
  for_each_counter([&](auto member) { this->*member += other.*member; });
  return *this;
}

SlotCounters SlotCounters::operator-(const SlotCounters& earlier) const {
  SlotCounters difference;
  for_each_counter([&](auto member) { difference.*member = this->*member - earlier.*member; });
  return difference;
}

SlotReceiver::SlotReceiver(session::AgreedSlot agreed, media::SlotNumber number, media::SlotUse use)
    : agreed_(std::move(agreed)),
      number_(number),
      use_(use),
      log_(wire::clock_rate_of(agreed_.slot.kind == wire::MediaKind::audio ? wire::Codec::opus : wire::Codec::vp8)) {}

SlotCounters SlotReceiver::counters() const {
  auto counters = counters_;
  counters.expected =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(log_.received()) + std::max<std::int64_t>(log_.lost(), 0));
  counters.received = log_.received();
  counters.duplicates = log_.duplicates();
  return counters;
}

void SlotReceiver::handle_sender_report(const wire::SenderInfo& info, TimePoint now) {
  if (info.ssrc == agreed_.ssrc) log_.on_sender_report(info.ntp, now);
}

void SlotReceiver::count_pli(TimePoint now) {
  next_pli_ = now + kPliInterval;
  ++counters_.plis;
}

void SlotReceiver::handle_rtp(MutableBytes datagram, const wire::RtpHeader& header, crypto::Opener& opener,
                              TimePoint now, LatencyHistogram* latency) {
  ++counters_.packets;
  counters_.bytes += datagram.size();
  const bool repair = agreed_.rtx_ssrc.value() != 0 && header.ssrc == agreed_.rtx_ssrc;
  const auto opened = opener.open_rtp(datagram, header, repair ? rtx_srtp_ : srtp_);
  if (!opened) {
    ++counters_.undecryptable;
    return;
  }
  auto payload = wire::rtp_payload(datagram.first(opened->size), header);
  if (!payload) return;
  auto sequence = header.sequence_number;
  if (repair) {
    if (payload->size() < 2) return;  // padding that probes the line
    sequence = load_u16(payload->data());
    payload = payload->subspan(2);  // RFC 4588 section 4
    ++counters_.retransmissions;
  }
  const auto arrival = log_.on_packet(sequence, header.timestamp, now, repair);
  if (is_video() && arrival.too_many_missing) decodable_ = false;
  if (arrival.arrival == session::ReceiveLog::Arrival::duplicate ||
      arrival.arrival == session::ReceiveLog::Arrival::too_old)
    return;
  const bool in_order = arrival.arrival == session::ReceiveLog::Arrival::in_order;
  if (payload->empty()) {  // padding only: its number counts, it belongs to no frame
    if (in_order) last_sequence_ = arrival.extended_sequence;
    return;
  }
  if (is_video())
    check_picture(header, *payload, arrival.extended_sequence, in_order);
  else
    check_sound(header, arrival.extended_sequence, in_order);
  if (!is_video() || header.marker) read_stamp(*payload, now, latency);
}

void SlotReceiver::check_picture(const wire::RtpHeader& header, BytesView payload, std::int64_t sequence,
                                 bool in_order) {
  const auto info = wire::parse_payload(wire::Codec::vp8, payload);
  if (!info) {
    ++counters_.picture_breaks;
    return;
  }
  if (info->keyframe) decodable_ = true;
  const bool follows_on = has_last_ && sequence == last_sequence_ + 1;
  if (!in_order || !(follows_on || info->frame_start)) frame_is_whole_ = false;
  if (!in_order) return;
  if (info->frame_start) {
    frame_is_key_ = info->keyframe;
    frame_is_whole_ = true;
  }
  if (follows_on) {
    const auto next = static_cast<std::uint16_t>((picture_id_ + 1) & 0x7fff);
    const bool same =
        !info->frame_start && !last_marker_ && info->picture_id == picture_id_ && header.timestamp == last_timestamp_;
    const bool follows = info->frame_start && last_marker_ && info->picture_id == next;
    // A switch may leave what it switches from in the middle of a frame.
    const bool cut = info->frame_start && info->keyframe && info->picture_id == next;
    if (!same && !follows && !cut) ++counters_.picture_breaks;
  }
  has_last_ = true;
  last_sequence_ = sequence;
  last_timestamp_ = header.timestamp;
  last_marker_ = header.marker;
  picture_id_ = info->picture_id;
}

void SlotReceiver::check_sound(const wire::RtpHeader& header, std::int64_t sequence, bool in_order) {
  if (!in_order) return;
  if (has_last_ && sequence == last_sequence_ + 1 && header.timestamp - last_timestamp_ != kSoundStep)
    ++counters_.sound_jumps;
  has_last_ = true;
  last_sequence_ = sequence;
  last_timestamp_ = header.timestamp;
}

void SlotReceiver::read_stamp(BytesView payload, TimePoint now, LatencyHistogram* latency) {
  if (is_video()) {
    ++counters_.frames;
    counters_.keyframes += frame_is_whole_ && frame_is_key_;
  }
  const auto stamp = find_stamp(payload);
  if (!stamp) return;
  if (!is_video()) ++counters_.sounds;
  if (latency != nullptr) latency->add(now - stamp->sent);
  if (shown_ && shown_->sender == stamp->sender && shown_->layer == stamp->layer) {
    shown_->last = now;
    return;
  }
  const bool other_sender = !shown_ || shown_->sender != stamp->sender;
  if (shown_) {
    ++counters_.switches;
    if (is_video() && frame_is_whole_ && !frame_is_key_) ++counters_.dirty_switches;
    if (!is_video()) ++counters_.voice_changes;
  }
  shown_ = Shown{stamp->sender, stamp->layer, other_sender ? now : shown_->since, now};
}

}  // namespace bridgehall::load

#include "media/forwarder.h"

#include <algorithm>
#include <bit>

namespace bridgehall::media {
namespace {

// Sizes of the extension elements that this receiver gets of this packet; the two-byte form only when a value needs it.
void plan_extensions(const OutgoingStream& stream, const StoredPacket& packet, PlannedPacket& plan) {
  using enum wire::ExtensionKind;
  std::size_t count = 0, bytes = 0;
  bool long_value = false;
  const auto add = [&](std::uint8_t id, std::size_t size) {
    if (id == 0) return;
    ++count;
    bytes += size;
    long_value |= id > 14 || size > 16;
  };
  add(stream.extensions[transport_sequence], 2);
  if (packet.has_audio_level) add(stream.extensions[audio_level], 1);
  if (packet.has_video_orientation) add(stream.extensions[video_orientation], 1);
  if (packet.dependency_descriptor_size > 0)
    add(stream.extensions[dependency_descriptor], packet.dependency_descriptor_size);
  plan.plain_size = wire::kRtpFixedHeaderSize;
  if (count == 0) return;
  plan.extension_form = long_value ? wire::ExtensionForm::two_byte : wire::ExtensionForm::one_byte;
  const auto block = bytes + count * (long_value ? 2 : 1);
  plan.plain_size = static_cast<std::uint16_t>(wire::kRtpFixedHeaderSize + 4 + (block + 3) / 4 * 4);
}

// Written in place: plans are 72 bytes, and there is one for every packet and receiver.
void make_plan(PlannedPacket& plan, OutgoingStream& stream, const StoredPacket& packet, const RewrittenNumbers& numbers,
               BytesView bytes, bool marker) {
  plan.stream = &stream;
  plan.packet = &packet;
  plan.bytes = bytes;
  plan.numbers = numbers;
  plan.rtx_sequence = -1;
  plan.extension_form = wire::ExtensionForm::none;
  plan.marker = marker;
  plan_extensions(stream, packet, plan);
  plan.plain_size = static_cast<std::uint16_t>(plan.plain_size + packet.payload_size);
}

bool is_own_voice(const Peer& peer, const StoredPacket& packet) {
  return std::find(peer.voices.begin(), peer.voices.end(), packet.voice) != peer.voices.end();
}

}  // namespace

std::size_t Forwarder::plan(Peer& peer, std::span<PlannedPacket> plans) {
  std::size_t count = plan_repeats(peer, plans);
  // Audio has no burst of its own to wait for once this peer is served: it rides along.
  for (auto waiting = peer.pending | peer.audio; waiting != 0 && count < plans.size(); waiting &= waiting - 1) {
    const auto index = static_cast<std::size_t>(std::countr_zero(waiting));
    auto& stream = peer.outgoing[index];
    count += plan_stream(peer, stream, plans.subspan(count));
    if (!stream.shows_something() || stream.cursor >= tables_.layers[stream.layer].history.next())
      peer.pending &= ~(std::uint64_t{1} << index);
  }
  return count;
}

std::size_t Forwarder::plan_stream(Peer& peer, OutgoingStream& stream, std::span<PlannedPacket> plans) {
  if (!stream.shows_something()) return 0;
  const auto& layer = tables_.layers[stream.layer];
  const auto& history = layer.history;
  if (!layer.open) {
    stream.cursor = history.next();
    return 0;
  }
  if (stream.cursor < history.oldest()) {
    counters_.drops[static_cast<std::size_t>(Drop::stale_handle)] += history.oldest() - stream.cursor;
    stream.cursor = history.oldest();
  }
  std::size_t count = 0;
  while (stream.cursor < history.next() && count < plans.size()) {
    const auto arrival = stream.cursor++;
    const auto& packet = *history.at(arrival);
    if (layer.is_line() && (packet.epoch != layer.epoch || is_own_voice(peer, packet))) continue;
    const bool has_place =
        stream.rewriter.in_epoch(packet) ? stream.rewriter.has_place(packet) : begin_epoch(stream, layer, packet);
    if (!has_place) continue;
    bool marker = packet.marker;
    if (stream.filtered && !filter(stream, packet, marker)) continue;
    const auto numbers = stream.rewriter.map(packet);
    if (!stream.stream.claim(numbers.sequence)) continue;
    stream.sent.note(numbers.sequence, arrival);
    stream.rewriter.sent(packet, numbers);
    peer.repeat_credit = std::min(peer.repeat_credit + 1, 2 * Peer::kRepeatCredit);
    make_plan(plans[count++], stream, packet, numbers, tables_.store.bytes(packet.slot), marker);
  }
  return count;
}

// A new epoch begins at a keyframe (audio: at any packet). True when this packet is its first.
bool Forwarder::begin_epoch(OutgoingStream& stream, const Layer& layer, const StoredPacket& packet) {
  if (packet.epoch != layer.epoch) return false;
  if (stream.kind == wire::MediaKind::video && !packet.payload.keyframe) return false;
  stream.rewriter.begin_epoch(packet, stream.clock_shift);
  if (stream.filtered) stream.filter.begin_epoch(packet);
  // A voice line's timestamps run on one clock, whoever speaks.
  stream.clock_shift = layer.is_line() ? std::optional<std::uint32_t>{0} : std::nullopt;
  if (stream.kind == wire::MediaKind::audio) return true;

  // Those of the keyframe first; this one comes again in its turn.
  const auto here = stream.cursor - 1;
  const auto first = layer.history.first_of_keyframe(here);
  if (first == here) return true;
  stream.cursor = first;
  return false;
}

// Of a stream that carries several layers: is this packet of those that the slot is sent?
bool Forwarder::filter(OutgoingStream& stream, const StoredPacket& packet, bool& marker) {
  const auto decision = stream.filter.decide(packet);
  marker = decision.marker;
  if (decision.forward()) return true;
  stream.rewriter.skip(packet,
                       decision.verdict == LayerFilter::Verdict::skip_picture ? Skipped::picture : Skipped::packet);
  return false;
}

std::size_t Forwarder::plan_repeats(Peer& peer, std::span<PlannedPacket> plans) {
  std::size_t count = 0;
  for (const auto& repeat : peer.repeats) {
    if (count == plans.size() || peer.repeat_credit < 2) break;
    auto& stream = peer.outgoing[repeat.track];
    if (!stream.shows_something() || !stream.can_repeat()) continue;
    const auto& layer = tables_.layers[stream.layer];
    const auto* packet = layer.open ? layer.history.at(repeat.arrival) : nullptr;
    if (packet == nullptr || packet->epoch != layer.epoch) continue;
    if (!stream.rewriter.in_epoch(*packet) || !stream.rewriter.has_place(*packet)) continue;
    const bool marker = stream.filtered ? stream.filter.marker_of(*packet) : packet->marker;
    auto& plan = plans[count];
    make_plan(plan, stream, *packet, stream.rewriter.map(*packet), tables_.store.bytes(packet->slot), marker);
    if (static_cast<std::uint16_t>(plan.numbers.sequence) != repeat.sequence)
      continue;  // sent before an earlier change of offsets, or when the slot showed something else
    plan.rtx_sequence = stream.next_rtx_sequence++;
    plan.plain_size = static_cast<std::uint16_t>(plan.plain_size + 2);
    if (!stream.rtx_stream.claim(plan.rtx_sequence)) continue;
    peer.repeat_credit -= 2;
    ++count;
  }
  peer.repeats.clear();
  return count;
}

}  // namespace bridgehall::media

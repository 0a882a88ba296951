#include "media/forwarder.h"

#include <algorithm>
#include <bit>

namespace bridgehall::media {
namespace {

// A keyframe whose first packet came late may have later ones before it in the history.
constexpr Arrival kLookBack = 128;

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

PlannedPacket make_plan(OutgoingStream& stream, const StoredPacket& packet, const RewrittenNumbers& numbers,
                        BytesView bytes) {
  PlannedPacket plan{.stream = &stream, .packet = &packet, .bytes = bytes, .numbers = numbers};
  plan_extensions(stream, packet, plan);
  plan.plain_size = static_cast<std::uint16_t>(plan.plain_size + packet.payload_size);
  return plan;
}

}  // namespace

std::size_t Forwarder::plan(Peer& peer, std::span<PlannedPacket> plans) {
  std::size_t count = peer.repeats.empty() ? 0 : plan_repeats(peer, plans);
  // Audio that waits for the end of its own window rides along with whatever goes now.
  for (auto waiting = peer.pending | peer.audio; waiting != 0 && count < plans.size(); waiting &= waiting - 1) {
    const auto index = static_cast<std::size_t>(std::countr_zero(waiting));
    count += plan_stream(peer, peer.outgoing[index], plans.subspan(count));
    auto& stream = peer.outgoing[index];
    if (!stream.attached || stream.cursor >= tables_.publications[stream.publication].history.next())
      peer.pending &= ~(std::uint64_t{1} << index);
  }
  return count;
}

std::size_t Forwarder::plan_stream(Peer& peer, OutgoingStream& stream, std::span<PlannedPacket> plans) {
  if (!stream.attached) return 0;
  auto& publication = tables_.publications[stream.publication];
  const auto& history = publication.history;
  if (!publication.open) {
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
    if (!place(stream, publication, packet)) continue;
    const auto numbers = stream.rewriter.map(packet);
    if (!stream.stream.claim(numbers.sequence)) continue;
    stream.sent.note(numbers.sequence, arrival);
    stream.rewriter.sent(packet, numbers);
    peer.repeat_credit = std::min(peer.repeat_credit + 1, 2 * Peer::kRepeatCredit);
    plans[count++] = make_plan(stream, packet, numbers, tables_.store.bytes(packet.slot));
  }
  return count;
}

// May the packet go to this receiver? A new epoch begins at a keyframe (audio: at any packet).
bool Forwarder::place(OutgoingStream& stream, const Publication& publication, const StoredPacket& packet) {
  auto& rewriter = stream.rewriter;
  if (rewriter.in_epoch(packet)) return rewriter.has_place(packet);
  if (packet.epoch != publication.epoch) return false;
  if (stream.kind() == wire::MediaKind::audio) {
    rewriter.begin_epoch(packet);
    return true;
  }
  if (!packet.payload.keyframe) return false;
  rewriter.begin_epoch(packet);

  const auto& history = publication.history;
  const auto here = stream.cursor - 1;
  const auto from = std::max(history.oldest(), here > kLookBack ? here - kLookBack : 0);
  for (auto arrival = from; arrival < here; ++arrival) {
    const auto& earlier = *history.at(arrival);
    if (earlier.epoch == packet.epoch && earlier.sequence > packet.sequence) {
      stream.cursor = arrival;  // those of the keyframe first; this one comes again in its turn
      return false;
    }
  }
  return true;
}

std::size_t Forwarder::plan_repeats(Peer& peer, std::span<PlannedPacket> plans) {
  std::size_t count = 0;
  for (const auto& repeat : peer.repeats) {
    if (count == plans.size() || peer.repeat_credit < 2) break;
    auto& stream = peer.outgoing[repeat.track];
    if (!stream.attached) continue;
    const auto& publication = tables_.publications[stream.publication];
    const auto* packet = publication.open ? publication.history.at(repeat.arrival) : nullptr;
    if (packet == nullptr || !stream.rewriter.in_epoch(*packet)) continue;
    auto plan = make_plan(stream, *packet, stream.rewriter.map(*packet), tables_.store.bytes(packet->slot));
    if (static_cast<std::uint16_t>(plan.numbers.sequence) != repeat.sequence)
      continue;  // sent before an earlier change of offsets
    plan.rtx_sequence = stream.next_rtx_sequence++;
    plan.plain_size = static_cast<std::uint16_t>(plan.plain_size + 2);
    if (!stream.rtx_stream.claim(plan.rtx_sequence)) continue;
    peer.repeat_credit -= 2;
    plans[count++] = plan;
  }
  peer.repeats.clear();
  return count;
}

}  // namespace bridgehall::media

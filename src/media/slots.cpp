#include "media/slots.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bridgehall::media {

void Slots::fill(TrackRef ref, PublicationIndex publication, TimePoint now) {
  auto& slot = tables_.slot(ref);
  if (slot.publication != publication) {
    if (auto* before = tables_.publications.get(slot.publication)) std::erase(before->slots, ref);
    slot.publication = publication;
    slot.said.reset();
    tables_.publications[publication].slots.push_back(ref);
  }
  choose(ref, now);
}

void Slots::empty(TrackRef ref) {
  auto& slot = tables_.slot(ref);
  if (auto* publication = tables_.publications.get(slot.publication)) std::erase(publication->slots, ref);
  slot.publication = kNoPublication;
  slot.said.reset();
  wait_for(slot, kNoLayer);
  hide(ref);
}

void Slots::listen(TrackRef ref, LayerIndex line, TimePoint now) {
  show(ref, line, tables_.layers[line].history.next(), now);
}

void Slots::connect(PeerIndex index, TimePoint now) {
  const auto count = static_cast<std::uint32_t>(tables_.peers[index].outgoing.size());
  for (std::uint32_t track = 0; track < count; ++track) choose({index, track}, now);
}

void Slots::leave(PeerIndex index) {
  const auto count = static_cast<std::uint32_t>(tables_.peers[index].outgoing.size());
  for (std::uint32_t track = 0; track < count; ++track) empty({index, track});
}

void Slots::choose(TrackRef ref, TimePoint now) {
  auto& peer = tables_.peers[ref.peer];
  auto& slot = tables_.slot(ref);
  if (!peer.active || slot.publication == kNoPublication) return;
  auto& publication = tables_.publications[slot.publication];
  if (slot.grant.highest_layer == SlotGrant::kOff) {
    wait_for(slot, kNoLayer);
    hide(ref);
    return say(ref);
  }
  const auto best = best_layer(publication, slot);
  auto& layer = tables_.layers[best];
  if (best == slot.layer) {
    slot.types = slot.wanted_types;
    wait_for(slot, kNoLayer);
    set_filter(slot, publication);
  } else if (slot.kind == wire::MediaKind::audio) {
    show(ref, best, layer.history.next(), now);
  } else {
    const auto* keyframe = layer.last_keyframe ? layer.history.at(*layer.last_keyframe) : nullptr;
    const auto recent = slot.shows_something() ? kChangeBack : Layer::kKeyframeReuse;
    if (keyframe != nullptr && publication.open && now - keyframe->arrived_at <= recent) {
      show(ref, best, *layer.last_keyframe, now);
    } else {
      wait_for(slot, best);
      if (publication.open) agenda_.want_keyframe(best, layer);
    }
  }
  say(ref);
}

// The highest that is wanted, that the line carries and that arrives; else the lowest above it that arrives. Where
// nothing arrives, what it has, or the lowest: that is the one which senders begin with.
LayerIndex Slots::best_layer(const Publication& publication, const OutgoingStream& slot) const {
  const auto layers = publication.layers();
  const auto limit = std::min<std::size_t>(slot.wanted_layer, static_cast<std::size_t>(slot.grant.highest_layer));
  auto best = kNoLayer;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (tables_.layers[layers[i]].alive && (i <= limit || best == kNoLayer)) best = layers[i];
  if (best != kNoLayer) return best;
  const bool has_one = std::find(layers.begin(), layers.end(), slot.layer) != layers.end();
  return has_one ? slot.layer : layers.front();
}

void Slots::reconsider(PublicationIndex publication, TimePoint now) {
  for (const auto& ref : tables_.publications[publication].slots) choose(ref, now);
}

void Slots::on_keyframe(LayerIndex index, TimePoint now) {
  auto& layer = tables_.layers[index];
  for (const auto& ref : tables_.publications[layer.publication].slots) {
    auto& slot = tables_.slot(ref);
    if (slot.target == index) show(ref, index, *layer.last_keyframe, now);
    if (slot.layer == index) say(ref);
  }
}

void Slots::begin_epoch(PublicationIndex index) {
  auto& publication = tables_.publications[index];
  for (const auto place : publication.layers()) {
    auto& layer = tables_.layers[place];
    for (const auto& ref : layer.receivers) tables_.slot(ref).cursor = layer.history.next();
    if (!layer.open)
      layer.keyframes.cancel();
    else if (layer.kind() == wire::MediaKind::video && layer.is_wanted())
      agenda_.want_keyframe(place, layer);
  }
  for (const auto& ref : publication.slots) say(ref);
}

void Slots::forget(LayerIndex index) {
  auto& layer = tables_.layers[index];
  while (!layer.receivers.empty()) hide(layer.receivers.back());
  if (layer.is_line() || layer.waiting == 0) return;
  for (const auto& ref : tables_.publications[layer.publication].slots)
    if (auto& slot = tables_.slot(ref); slot.target == index) wait_for(slot, kNoLayer);
}

void Slots::forget(PublicationIndex index) {
  while (!tables_.publications[index].slots.empty()) empty(tables_.publications[index].slots.back());
  for (const auto layer : tables_.publications[index].layers()) forget(layer);
}

// -- what a slot shows --

void Slots::show(TrackRef ref, LayerIndex index, Arrival cursor, TimePoint now) {
  auto& peer = tables_.peers[ref.peer];
  auto& slot = tables_.slot(ref);
  auto& layer = tables_.layers[index];
  const auto shift = clock_shift(slot, layer, now);
  wait_for(slot, kNoLayer);
  hide(ref);
  slot.layer = index;
  slot.types = slot.wanted_types;
  slot.clock_shift = shift;
  slot.cursor = cursor;
  slot.sent.prepare();
  if (!layer.is_line()) set_filter(slot, tables_.publications[layer.publication]);
  layer.receivers.push_back(ref);
  agenda_.check_demand(index, layer);
  const auto bit = std::uint64_t{1} << ref.track;
  if (slot.kind == wire::MediaKind::audio) peer.audio |= bit;
  if (cursor == layer.history.next() || layer.collecting) return;  // it comes with its burst
  peer.pending |= bit;
  agenda_.egress.add(ref.peer);
}

void Slots::hide(TrackRef ref) {
  auto& peer = tables_.peers[ref.peer];
  auto& slot = tables_.slot(ref);
  if (!slot.shows_something()) return;
  auto& layer = tables_.layers[slot.layer];
  std::erase(layer.receivers, ref);
  if (!layer.is_wanted()) layer.keyframes.cancel();
  agenda_.check_demand(slot.layer, layer);
  slot.layer = kNoLayer;
  slot.rewriter.end_epoch();
  const auto bit = std::uint64_t{1} << ref.track;
  peer.audio &= ~bit;
  peer.pending &= ~bit;
}

void Slots::wait_for(OutgoingStream& slot, LayerIndex index) {
  if (slot.target == index) return;
  if (auto* before = tables_.layers.get(slot.target)) {
    --before->waiting;
    if (!before->is_wanted()) before->keyframes.cancel();
    agenda_.check_demand(slot.target, *before);
  }
  slot.target = index;
  if (index == kNoLayer) return;
  auto& layer = tables_.layers[index];
  ++layer.waiting;
  agenda_.check_demand(index, layer);
}

// Streams that carry several spatial layers are thinned out on their way; the layer that is wanted is the spatial one.
void Slots::set_filter(OutgoingStream& slot, const Publication& publication) {
  const bool scalable = publication.codec == wire::Codec::vp9 || publication.codec == wire::Codec::av1;
  slot.filtered = scalable && publication.layer_count == 1;
  if (!slot.filtered) return;
  const auto limit = std::min<std::uint8_t>(slot.wanted_layer, static_cast<std::uint8_t>(slot.grant.highest_layer));
  auto target = wire::kAllLayers;
  if (limit + 1 < kMaxLayers) target.spatial = limit;
  slot.filter.set_target(target);
}

// How far the timestamps of what comes lie behind those of what was shown, at the same instant; nothing when one of
// their clocks is not known.
std::optional<std::uint32_t> Slots::clock_shift(const OutgoingStream& slot, const Layer& to, TimePoint now) const {
  const auto* from = tables_.layers.get(slot.layer);
  if (from == nullptr || !slot.rewriter.started() || slot.rewriter.epoch() != from->epoch) return std::nullopt;
  const auto ntp = ntp_.ntp_at(now);
  const auto before = from->clock.rtp_at(ntp), after = to.clock.rtp_at(ntp);
  if (!before || !after) return std::nullopt;
  return *before - *after;
}

// -- the line --

SlotDemand Slots::demand(const OutgoingStream& slot) const {
  const auto& publication = tables_.publications[slot.publication];
  SlotDemand demand{.use = slot.use, .visible = publication.open, .wanted_layer = slot.wanted_layer};
  const auto layers = publication.layers();
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (const auto& layer = tables_.layers[layers[i]]; layer.alive) demand.layer_bitrates[i] = layer.bitrate;
  return demand;
}

void Slots::allocate(PeerIndex index, const session::LineSummary& line, TimePoint now) {
  auto& peer = tables_.peers[index];
  std::array<std::uint32_t, Peer::kMaxOutgoing> tracks;
  std::array<SlotDemand, Peer::kMaxOutgoing> demands;
  std::array<SlotGrant, Peer::kMaxOutgoing> grants;
  std::size_t count = 0;
  for (std::uint32_t track = 0; track < peer.outgoing.size(); ++track) {
    const auto& slot = peer.outgoing[track];
    if (slot.kind != wire::MediaKind::video || slot.publication == kNoPublication) continue;
    tracks[count] = track;
    demands[count++] = demand(slot);
  }
  peer.downlink->allocator.allocate(line, std::span{demands}.first(count), std::span{grants}.first(count), now);
  const bool backlogged = peer.downlink->backlog == peer.transport.path().from();
  if (backlogged) grants.fill({.limited_by_line = true});
  for (std::size_t i = 0; i < count; ++i) {
    const TrackRef ref{index, tracks[i]};
    auto& slot = tables_.slot(ref);
    ask_for_filtered(slot);
    if (!demands[i].visible || slot.grant == grants[i]) continue;
    slot.grant = grants[i];
    choose(ref, now);
  }
}

// A filter that has found no place to change over since it was last asked needs a keyframe.
void Slots::ask_for_filtered(OutgoingStream& slot) {
  const bool waits = slot.filtered && slot.shows_something() && slot.filter.waits_for_keyframe();
  if (std::exchange(slot.filter_waits, waits) && waits && tables_.layers[slot.layer].open)
    agenda_.want_keyframe(slot.layer, tables_.layers[slot.layer]);
}

// -- what control is told --

SlotFlow Slots::flow(const OutgoingStream& slot) const {
  if (slot.grant.highest_layer == SlotGrant::kOff) return SlotFlow::off_by_line;
  if (!slot.shows_something()) return SlotFlow::waiting;
  const auto& layer = tables_.layers[slot.layer];
  const bool has_begun = layer.kind() == wire::MediaKind::audio || layer.last_keyframe;
  if (layer.publication != slot.publication || !layer.open || !has_begun) return SlotFlow::waiting;
  return slot.grant.limited_by_line ? SlotFlow::limited : SlotFlow::showing;
}

void Slots::say(TrackRef ref) {
  auto& slot = tables_.slot(ref);
  const auto& peer = tables_.peers[ref.peer];
  if (!peer.active || slot.publication == kNoPublication) return;
  const auto now = flow(slot);
  if (slot.said == now) return;
  slot.said = now;
  agenda_.events.push_back(SlotChanged{peer.id, slot.number, tables_.publications[slot.publication].id, now});
}

}  // namespace bridgehall::media

#include "media/mirrors.h"

#include <algorithm>

namespace bridgehall::media {

void Mirrors::attach(Publication& publication, PeerId sender) {
  publication.home.reset();
  publication.sender = sender;
  for (const auto index : publication.layers()) {
    auto& layer = tables_.layers[index];
    layer.elsewhere = layer.demanded = false;
    layer.mirrors.clear();  // whoever wants it says so again
  }
  mesh_.tell_others(SenderAttached{publication.id, sender, publication.layer_count});
}

void Mirrors::tell_facts(const Publication& publication) {
  if (mesh_.shards() == 1) return;
  LayerFacts facts{.publication = publication.id, .layers = {}};
  for (const auto index : publication.layers()) {
    const auto& layer = tables_.layers[index];
    facts.layers[layer.number] = {layer.alive, layer.bitrate, layer.pixels};
  }
  mesh_.tell_others(facts);
}

void Mirrors::tell_clock(const Layer& layer) {
  if (!layer.mirrors.empty()) {
    const Note note = clock_of(layer);
    layer.mirrors.for_each([&](ShardNumber shard) { mesh_.tell(shard, note); });
  }
  // Lines that carry it run by its clock.
  if (layer.is_line()) return;
  const auto* room = tables_.rooms.get(tables_.publications[layer.publication].room);
  if (room == nullptr || room->home) return;
  for (const auto index : room->lines) {
    const auto& line = tables_.layers[index];
    if (tables_.layers.get(line.copied_from) == &layer) tell_clock(line);
  }
}

LayerClock Mirrors::clock_of(const Layer& layer) const {
  const auto* source = layer.is_line() ? tables_.layers.get(layer.copied_from) : nullptr;
  return {name_of(layer), source != nullptr ? source->clock : layer.clock, layer.timestamp_shift};
}

// The next keyframe may have begun to come, all but its first packet.
Arrival Mirrors::first_of_next_keyframe(const Layer& layer, TimePoint now) const {
  const auto& history = layer.history;
  auto first = history.next();
  while (first > history.oldest() && history.next() - first < History::kLookBack &&
         now - history.at(first - 1)->arrived_at <= Layer::kKeyframeReuse)
    --first;
  return first;
}

void Mirrors::set_demand(Layer& layer, ShardNumber shard, bool wanted, TimePoint now) {
  if (!wanted) {
    layer.mirrors.erase(shard);
    if (!layer.is_wanted()) layer.keyframes.cancel();
    return;
  }
  layer.mirrors.insert(shard);
  mesh_.tell(shard, clock_of(layer));
  if (!layer.open || layer.kind() != wire::MediaKind::video) return;
  const auto* keyframe = layer.last_keyframe ? layer.history.at(*layer.last_keyframe) : nullptr;
  const bool recent = keyframe != nullptr && now - keyframe->arrived_at <= Layer::kKeyframeReuse;
  const auto name = name_of(layer);
  for (auto arrival = recent ? layer.history.first_of_keyframe(*layer.last_keyframe)
                             : first_of_next_keyframe(layer, now);
       arrival < layer.history.next(); ++arrival)
    copy_to(shard, name, *layer.history.at(arrival));
}

void Mirrors::follow_demand(Layer& layer) {
  const auto home = home_of(layer);
  if (!home || layer.demanded == layer.is_wanted()) return;
  layer.demanded = layer.is_wanted();
  if (!layer.demanded) {  // what it has would only grow old
    layer.history.put_away();
    layer.last_keyframe.reset();
  }
  mesh_.tell(*home, LayerDemand{name_of(layer), layer.demanded});
}

void Mirrors::want_keyframe(const Layer& layer) {
  if (const auto home = home_of(layer)) mesh_.tell(*home, KeyframeWanted{name_of(layer), layer.history.empty()});
}

LayerIndex Mirrors::find(const LayerName& name) const {
  if (name.publication == PublicationId{}) {
    const auto* room = tables_.rooms.find(name.room);
    return room != nullptr && name.number <= kLeadPlace ? tables_.rooms[*room].lines[name.number] : kNoLayer;
  }
  const auto* publication = tables_.publications.find(name.publication);
  if (publication == nullptr) return kNoLayer;
  const auto layers = tables_.publications[*publication].layers();
  const auto found = std::find_if(layers.begin(), layers.end(),
                                  [&](LayerIndex index) { return tables_.layers[index].number == name.number; });
  return found == layers.end() ? kNoLayer : *found;
}

std::optional<ShardNumber> Mirrors::home_of(const Layer& layer) const {
  return layer.is_line() ? tables_.rooms[layer.room].home : tables_.publications[layer.publication].home;
}

LayerName Mirrors::name_of(const Layer& layer) const {
  if (layer.is_line()) return {.room = tables_.rooms[layer.room].id, .number = layer.number};
  return {.publication = tables_.publications[layer.publication].id, .number = layer.number};
}

void Mirrors::copy_to_all(const Layer& layer, const StoredPacket& packet) {
  const auto name = name_of(layer);
  layer.mirrors.for_each([&](ShardNumber shard) { copy_to(shard, name, packet); });
}

void Mirrors::copy_to(ShardNumber shard, const LayerName& name, const StoredPacket& packet) {
  const bool sent = mesh_.send_packet(shard, [&](MirroredPacket& entry) {
    entry.layer = name;
    entry.packet = packet;
    if (const auto* voice = tables_.publications.get(packet.voice)) entry.voice = voice->id;
    const auto bytes = tables_.store.bytes(packet.slot).first(std::size_t{packet.payload_offset} + packet.payload_size);
    std::copy(bytes.begin(), bytes.end(), entry.bytes.begin());
  });
  ++(sent ? counters_.packets_mirrored : counters_.drops[static_cast<std::size_t>(Drop::mirror_full)]);
}

}  // namespace bridgehall::media

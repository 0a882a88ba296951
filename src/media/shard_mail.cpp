// What comes from the other shards: packets for mirrors, datagrams that the kernel gave to the wrong socket, and notes.
#include <algorithm>

#include "media/shard.h"

namespace bridgehall::media {

void Shard::handle_mail(TimePoint now) {
  mesh_.take_notes(
      [&](ShardNumber from, const Note& note) { std::visit([&](const auto& what) { take(from, what, now); }, note); });
  mesh_.take_packets([&](ShardNumber from, const MirroredPacket& packet) { take(from, packet, now); });
  mesh_.take_datagrams([&](const HandedDatagram& datagram) { take(datagram, now); });
  voices_.settle(now);
  follow_agenda(now);
}

// -- publications whose packets come in elsewhere --

void Shard::take(ShardNumber from, const SenderAttached& note, TimePoint now) {
  const auto* found = tables_.publications.find(note.publication);
  if (found == nullptr) return;
  const auto index = *found;
  auto& publication = tables_.publications[index];
  if (note.sender < publication.sender) return;  // it was replaced before this was heard
  publication.home = from;
  publication.sender = note.sender;
  publication.flowing = false;  // and nothing is said about it: `from` does
  flow_timers_.set(index.value(), kNever);
  std::array<bool, kMaxLayers> demanded{};
  for (const auto place : publication.layers()) demanded[tables_.layers[place].number] = tables_.layers[place].demanded;
  renew_layers(index, note.layers);
  for (const auto place : publication.layers()) {
    auto& layer = tables_.layers[place];
    layer.elsewhere = true;
    layer.demanded = false;
    layer.mirrors.clear();
    if (!layer.is_wanted())
      layer.history.put_away();  // nothing follows that would push out what came while it was home
    agenda_.check_demand(place, layer);
  }
  slots_.reconsider(index, now);
  // A demand that crossed this note on its way stands there, though it is not wanted any more.
  for (const auto place : publication.layers()) {
    const auto& layer = tables_.layers[place];
    if (demanded[layer.number] && !layer.is_wanted()) mirrors_.take_back_demand(layer, from);
  }
}

void Shard::take(ShardNumber from, const LayerFacts& note, TimePoint now) {
  const auto* found = tables_.publications.find(note.publication);
  if (found == nullptr || tables_.publications[*found].home != from) return;
  auto& publication = tables_.publications[*found];
  bool changed = false;
  for (const auto place : publication.layers()) {
    auto& layer = tables_.layers[place];
    const auto& fact = note.layers[layer.number];
    changed |= layer.alive != fact.alive;
    layer.alive = fact.alive;
    layer.bitrate = fact.bitrate;
    if (fact.pixels != 0) layer.pixels = fact.pixels;
  }
  changed |= tables_.order_layers(publication);
  if (changed && publication.layer_count > 1) slots_.reconsider(*found, now);
}

void Shard::take(ShardNumber from, const LayerDemand& note, TimePoint now) {
  const auto index = mirrors_.find(note.layer);
  if (index == kNoLayer || tables_.layers[index].elsewhere) return;  // whoever has it now will be asked
  mirrors_.set_demand(tables_.layers[index], from, note.wanted, now);
}

void Shard::take(ShardNumber, const KeyframeWanted& note, TimePoint now) {
  const auto index = mirrors_.find(note.layer);
  if (index == kNoLayer) return;
  auto& layer = tables_.layers[index];
  if (layer.elsewhere || !layer.open) return;
  const auto* keyframe = layer.last_keyframe ? layer.history.at(*layer.last_keyframe) : nullptr;
  const bool was_sent = keyframe != nullptr && now - keyframe->arrived_at <= Layer::kKeyframeReuse;
  if (!note.joining || !was_sent) agenda_.want_keyframe(index, layer);
}

void Shard::take(ShardNumber from, const LayerClock& note, TimePoint) {
  const auto index = mirrors_.find(note.layer);
  if (index == kNoLayer) return;
  auto& layer = tables_.layers[index];
  if (mirrors_.home_of(layer) != from) return;
  layer.clock = note.clock;
  layer.timestamp_shift = note.timestamp_shift;
  mirrors_.tell_clock(layer);
}

void Shard::take(ShardNumber from, const MirroredPacket& mirrored, TimePoint now) {
  const auto index = mirrors_.find(mirrored.layer);
  if (index == kNoLayer) return;
  auto& layer = tables_.layers[index];
  if (mirrors_.home_of(layer) != from || !layer.is_wanted()) return;  // it was on its way when that changed
  if (!layer.open) return drop(Drop::gate_closed);
  auto packet = mirrored.packet;
  packet.voice = kNoPublication;
  if (mirrored.voice != PublicationId{}) {
    const auto* voice = tables_.publications.find(mirrored.voice);
    if (voice == nullptr || !tables_.publications[*voice].open) return drop(Drop::gate_closed);
    packet.voice = *voice;
  }
  if (packet.epoch != layer.home_epoch) {
    if (layer.home_epoch != 0) layer.begin_epoch(tables_.new_epoch());
    layer.home_epoch = packet.epoch;
  }
  packet.epoch = layer.epoch;
  packet.slot = receive_slots_[kMailPlace];
  const auto size = std::size_t{packet.payload_offset} + packet.payload_size;
  std::copy_n(mirrored.bytes.begin(), size, receive_buffers_[kMailPlace].begin());
  const auto received = ingress_.keep(index, packet);
  if (received.reordered) slots_.reconsider(layer.publication, now);
  after_packet(kMailPlace, received, packet.arrived_at, now);
}

// -- datagrams and whose they are --

void Shard::take(const HandedDatagram& handed, TimePoint now) {
  const auto bytes = receive_buffers_[kMailPlace].first(handed.size);
  std::copy_n(handed.bytes.begin(), handed.size, bytes.begin());
  process_datagram(kMailPlace,
                   {.path = handed.path, .bytes = bytes, .segment_size = handed.size, .arrived_at = handed.arrived_at},
                   Origin::another_shard, now);
}

void Shard::take(ShardNumber from, const AddressTaken& note, TimePoint) {
  by_address_.try_emplace(note.address, Owner{from});  // whose it is already, keeps it
}

void Shard::take(ShardNumber from, const AddressFree& note, TimePoint) {
  const auto found = by_address_.find(note.address);
  if (found == by_address_.end()) return;
  if (found->second.shard == from)
    by_address_.erase(found);
  else if (found->second.shard == mesh_.self())  // two shards have taken it at the same time; this one still has it
    mesh_.tell_others(AddressTaken{note.address});
}

void Shard::take(ShardNumber from, const AddressWanted& note, TimePoint now) {
  const auto found = by_address_.find(note.address);
  if (found == by_address_.end()) return mesh_.tell(from, AddressFree{note.address});
  if (found->second.shard != mesh_.self()) return;
  const auto peer = found->second.peer;
  const auto heard = tables_.peers[peer].transport.last_check_from(note.address);
  if (!heard || now - *heard >= kAddressKept) give_up(note.address, peer);
}

}  // namespace bridgehall::media

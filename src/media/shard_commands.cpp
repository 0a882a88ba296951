// What control asks of a shard.
#include <algorithm>

#include "media/shard.h"

namespace bridgehall::media {

void Shard::handle_command(Command&& command, TimePoint now) {
  std::visit([&](auto&& what) { carry_out(std::move(what), now); }, std::move(command));
  follow_agenda(now);
}

// -- rooms and publications --

void Shard::carry_out(AddRoom&& command, TimePoint) {
  const auto home = mesh_.home_of(command.room);
  voices_.add_room(command.room, home == mesh_.self() ? std::nullopt : std::optional{home});
}

void Shard::carry_out(RemoveRoom&& command, TimePoint) {
  if (const auto* found = tables_.rooms.find(command.room)) voices_.remove_room(*found);
}

void Shard::carry_out(AddPublication&& command, TimePoint) {
  if (tables_.publications.find(command.publication) != nullptr) return;
  const auto* room = tables_.rooms.find(command.room);
  resize_layers(tables_.publications.add(command.publication, command.codec, room != nullptr ? *room : kNoRoom), 1);
}

void Shard::carry_out(SetGate&& command, TimePoint now) {
  const auto* index = tables_.publications.find(command.publication);
  if (index == nullptr) return;
  auto& publication = tables_.publications[*index];
  if (publication.open == command.open) return;
  publication.open = command.open;
  for (const auto place : publication.layers()) {
    auto& layer = tables_.layers[place];
    layer.open = command.open;
    layer.begin_epoch(tables_.new_epoch());
    // What was said before the floor was taken is neither forwarded nor repeated after it.
    layer.history.clear();
  }
  slots_.begin_epoch(*index);
  if (publication.open)
    voices_.open(*index);
  else
    voices_.close(*index, now);
}

void Shard::carry_out(SetVoiceRank&& command, TimePoint now) {
  if (const auto* found = tables_.publications.find(command.publication)) voices_.set_rank(*found, command.rank, now);
}

void Shard::carry_out(RemovePublication&& command, TimePoint now) {
  const auto* found = tables_.publications.find(command.publication);
  if (found == nullptr) return;
  const auto index = *found;
  voices_.close(index, now);
  slots_.forget(index);
  resize_layers(index, 0);
  tables_.peers.for_each([&](PeerIndex, Peer& peer) { std::erase(peer.voices, index); });
  flow_timers_.set(index.value(), kNever);
  tables_.publications.remove(index);
}

// -- layers --

// Slots that showed a layer which goes are left to choose again.
void Shard::resize_layers(PublicationIndex index, std::size_t count) {
  auto& publication = tables_.publications[index];
  while (publication.layer_count > count) remove_layer(publication.layer_places[--publication.layer_count]);
  while (publication.layer_count < count) {
    const auto added = tables_.layers.add(publication.codec, index, tables_.store);
    tables_.layers[added].open = publication.open;
    tables_.layers[added].number = publication.layer_count;
    publication.layer_places[publication.layer_count++] = added;
  }
}

// Another sender's packets come now: nothing that was known of the old one's holds.
void Shard::renew_layers(PublicationIndex index, std::size_t count) {
  resize_layers(index, std::clamp<std::size_t>(count, 1, kMaxLayers));
  auto& publication = tables_.publications[index];
  for (std::uint8_t i = 0; i < publication.layer_count; ++i) {
    auto& layer = tables_.layers[publication.layer_places[i]];
    detach_sender(layer);
    layer.number = i;
    layer.begin_epoch(tables_.new_epoch());
    layer.keyframes.reset();
    layer.clock = session::RtpClock(wire::clock_rate_of(layer.codec));
    layer.alive = false;
    layer.last_packet.reset();
    layer.pixels = 0;
  }
}

void Shard::remove_layer(LayerIndex index) {
  auto& layer = tables_.layers[index];
  detach_sender(layer);
  slots_.forget(index);
  keyframe_timers_.set(index.value(), kNever);
  tables_.layers.remove(index);
}

void Shard::detach_sender(Layer& layer) {
  if (!layer.sender) return;
  tables_.peers[layer.sender->peer].incoming[layer.sender->track].layer = kNoLayer;
  layer.sender.reset();
}

// -- peers --

void Shard::carry_out(std::unique_ptr<CreatePeer>&& command, TimePoint now) {
  const auto& ufrag = command->transport.local.ufrag;
  std::size_t encodings = 0;
  for (const auto& incoming : command->incoming) encodings += std::max<std::size_t>(1, incoming.track.rids.size());
  if (tables_.peers.size() >= configuration_.max_peers || tables_.peers.find(command->peer) != nullptr ||
      by_ufrag_.contains(ufrag) || command->outgoing.size() > Peer::kMaxOutgoing || encodings > Peer::kMaxIncoming) {
    agenda_.events.push_back(PeerRefused{command->peer});
    return;
  }
  const auto index = tables_.peers.add(command->peer, command->transport, dtls_, random_, now);
  auto& peer = tables_.peers[index];
  peer.cname = command->cname;
  if (const auto* room = tables_.rooms.find(command->room)) peer.room = *room;
  peer.ufrags.push_back(ufrag);
  by_ufrag_[ufrag] = index;
  for (auto& track : command->incoming) {
    add_incoming(index, peer, track, now);
    if (const auto* publication = tables_.publications.find(track.publication)) slots_.reconsider(*publication, now);
  }
  add_outgoing(index, peer, command->outgoing, now);
  agenda_.events.push_back(PeerCreated{peer.id});
  set_timer(index, peer);
}

void Shard::add_incoming(PeerIndex index, Peer& peer, IncomingTrack& incoming, TimePoint now) {
  auto& track = incoming.track;
  const auto* found = tables_.publications.find(incoming.publication);
  if (found == nullptr || tables_.publications[*found].codec != track.codec.codec) return;
  auto& publication = tables_.publications[*found];
  const bool was_elsewhere = publication.home.has_value();
  renew_layers(*found, track.rids.size());
  mirrors_.attach(publication, peer.id);
  if (was_elsewhere) flow_.expect(*found, now);
  for (std::size_t i = 0; i < publication.layer_count; ++i) {
    const auto place = publication.layer_places[i];
    tables_.layers[place].sender = TrackRef{index, static_cast<std::uint32_t>(peer.incoming.size())};
    peer.incoming.emplace_back(place, track, track.rids.empty() ? std::string{} : track.rids[i]);
  }
  if (publication.kind() == wire::MediaKind::audio) peer.voices.push_back(*found);
  if (track.extensions[wire::ExtensionKind::transport_sequence] != 0 && !peer.arrivals)
    peer.arrivals = std::make_unique<session::TwccReceiver>();
}

void Shard::add_outgoing(PeerIndex index, Peer& peer, const std::vector<OutgoingTrack>& tracks, TimePoint now) {
  bool numbered = false;
  peer.outgoing.reserve(tracks.size());
  for (const auto kind : {wire::MediaKind::video, wire::MediaKind::audio}) {
    for (std::size_t number = 0; number < tracks.size(); ++number) {
      const auto& track = tracks[number];
      if (track.track.kind != kind) continue;
      const OutgoingStream::Start start{.sequence = static_cast<std::uint16_t>(random_.u32() & 0x7fff),
                                        .rtx_sequence = static_cast<std::uint16_t>(random_.u32() & 0x7fff),
                                        .timestamp = random_.u32()};
      peer.outgoing.emplace_back(static_cast<SlotNumber>(number), track, start);
      numbered |= track.track.extensions[wire::ExtensionKind::transport_sequence] != 0;
      const auto* found = tables_.publications.find(track.publication);
      if (found != nullptr && tables_.publications[*found].kind() == kind && !track.voice_place)
        slots_.fill({index, static_cast<std::uint32_t>(peer.outgoing.size() - 1)}, *found, now);
    }
  }
  const bool has_video = !peer.outgoing.empty() && peer.outgoing.front().kind == wire::MediaKind::video;
  if (has_video || numbered) peer.downlink = std::make_unique<Downlink>();
  if (numbered) peer.downlink->log = std::make_unique<session::SendLog>();
}

// -- slots --

std::optional<TrackRef> Shard::find_slot(PeerId id, SlotNumber number) const {
  const auto* index = tables_.peers.find(id);
  if (index == nullptr) return std::nullopt;
  const auto& slots = tables_.peers[*index].outgoing;
  for (std::uint32_t track = 0; track < slots.size(); ++track)
    if (slots[track].number == number) return TrackRef{*index, track};
  return std::nullopt;
}

void Shard::carry_out(FillSlot&& command, TimePoint now) {
  const auto ref = find_slot(command.peer, command.slot);
  const auto* found = tables_.publications.find(command.publication);
  if (!ref || found == nullptr) return;
  auto& slot = tables_.slot(*ref);
  if (slot.voice_place || slot.kind != tables_.publications[*found].kind()) return;
  slot.wanted_types = {command.payload_type, command.rtx_payload_type};
  slot.wanted_layer = std::min<std::uint8_t>(command.layer, kMaxLayers - 1);
  slots_.fill(*ref, *found, now);
}

void Shard::carry_out(EmptySlot&& command, TimePoint) {
  const auto ref = find_slot(command.peer, command.slot);
  if (ref && !tables_.slot(*ref).voice_place) slots_.empty(*ref);
}

// -- sessions --

void Shard::carry_out(RestartIce&& command, TimePoint now) {
  const auto* found = tables_.peers.find(command.peer);
  if (found == nullptr) return;
  const auto index = *found;
  auto& peer = tables_.peers[index];
  if (peer.ufrags.size() == 2) {  // a restart inside a restart: the oldest generation ends
    by_ufrag_.erase(peer.ufrags.front());
    peer.ufrags.erase(peer.ufrags.begin());
  }
  by_ufrag_[command.local.ufrag] = index;
  peer.ufrags.push_back(command.local.ufrag);
  peer.transport.restart_ice(std::move(command.local), std::move(command.remote), now);
  agenda_.events.push_back(IceRestarted{command.peer});
  after_transport(index, now);
}

void Shard::carry_out(ClosePeer&& command, TimePoint now) {
  const auto* found = tables_.peers.find(command.peer);
  if (found == nullptr) return;
  const auto index = *found;
  tables_.peers[index].transport.close();
  after_transport(index, now);
}

void Shard::carry_out(ReadCounters&& command, TimePoint) {
  auto copy = std::make_unique<ShardCounters>(counters());
  copy->request = command.request;
  agenda_.events.push_back(std::move(copy));
}

}  // namespace bridgehall::media

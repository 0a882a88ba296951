#include "media/voices.h"

#include <algorithm>

namespace bridgehall::media {

void Voices::add_room(RoomId id, std::optional<ShardNumber> home) {
  if (tables_.rooms.find(id) != nullptr) return;
  const auto room_index = tables_.rooms.add(id);
  auto& room = tables_.rooms[room_index];
  room.home = home;
  room.said.room = id;
  for (std::size_t place = 0; place < room.lines.size(); ++place) {
    room.lines[place] = tables_.layers.add(wire::Codec::opus, kNoPublication, tables_.store);
    auto& line = tables_.layers[room.lines[place]];
    line.room = room_index;
    line.number = static_cast<std::uint8_t>(place);
    line.elsewhere = home.has_value();
    line.open = true;
    // Any relation will do, as long as it stays: the line's timestamps count local time.
    line.clock.on_sender_report(0, ntp_.ntp);
  }
}

void Voices::remove_room(RoomIndex index) {
  tables_.publications.for_each([&](PublicationIndex, Publication& publication) {
    if (publication.room != index) return;
    publication.room = kNoRoom;
    publication.voice.reset();
  });
  tables_.peers.for_each([&](PeerIndex, Peer& peer) {
    if (peer.room == index) peer.room = kNoRoom;
  });
  for (const auto line : tables_.rooms[index].lines) {
    slots_.forget(line);
    tables_.layers.remove(line);
  }
  timers_.set(index.value(), kNever);
  std::erase(unsettled_, index);
  tables_.rooms.remove(index);
}

LayerIndex Voices::line(RoomIndex room, std::uint8_t place) const {
  const auto* found = tables_.rooms.get(room);
  return found != nullptr && place < found->lines.size() ? found->lines[place] : kNoLayer;
}

void Voices::open(PublicationIndex index) {
  auto& publication = tables_.publications[index];
  auto* room = tables_.rooms.get(publication.room);
  if (room == nullptr || room->home || publication.voice || publication.kind() != wire::MediaKind::audio) return;
  publication.voice = room->selection.add(index);
  if (!publication.voice) return;
  room->selection.set_rank(*publication.voice, publication.rank);
  listen(publication, true);
}

// Whoever may be chosen has to be heard here, wherever its packets come in.
void Voices::listen(const Publication& publication, bool listened) {
  const auto index = publication.layers().front();
  auto& layer = tables_.layers[index];
  layer.listened = listened;
  agenda_.check_demand(index, layer);
}

void Voices::close(PublicationIndex index, TimePoint now) {
  auto& publication = tables_.publications[index];
  auto* found = tables_.rooms.get(publication.room);
  if (found == nullptr) return;
  auto& room = *found;
  if (room.home) {
    for (const auto line : room.lines)
      if (auto& mirror = tables_.layers[line]; carries(mirror, index)) silence(mirror);
    return;
  }
  if (!publication.voice) return;
  room.selection.remove(*publication.voice);
  publication.voice.reset();
  listen(publication, false);
  std::erase_if(room.heard, [&](const Room::Heard& heard) { return heard.publication == index; });
  for (const auto line_index : room.lines) {
    auto& line = tables_.layers[line_index];
    // Its place may be another's already who has not spoken yet.
    const bool its_own = line.copied_from == publication.layers().front();
    const auto next = its_own ? kNoLayer : line.copied_from;
    if (!its_own && !carries(line, index)) continue;
    silence(line);
    line.copied_from = next;
  }
  update(publication.room, now);
}

// Whether what a receiver may still be sent of the line is of that voice.
bool Voices::carries(const Layer& line, PublicationIndex voice) {
  const auto& history = line.history;
  for (auto arrival = history.oldest(); arrival < history.next(); ++arrival)
    if (const auto& packet = *history.at(arrival); packet.epoch == line.epoch && packet.voice == voice) return true;
  return false;
}

void Voices::set_rank(PublicationIndex index, VoiceRank rank, TimePoint now) {
  auto& publication = tables_.publications[index];
  if (rank == VoiceRank::stage) {
    tables_.publications.for_each([&](PublicationIndex, Publication& other) {
      if (other.room == publication.room && other.rank == VoiceRank::stage) other.rank = VoiceRank::open;
    });
  }
  publication.rank = rank;
  if (!publication.voice) return;
  tables_.rooms[publication.room].selection.set_rank(*publication.voice, rank);
  update(publication.room, now);
}

void Voices::on_packet(const Layer& layer, TimePoint now) {
  const auto& publication = tables_.publications[layer.publication];
  if (!publication.voice) return;
  auto& room = tables_.rooms[publication.room];
  const auto arrival = layer.history.next() - 1;
  const auto& packet = *layer.history.at(arrival);
  if (packet.payload_size == 0) return;
  room.selection.on_audio(*publication.voice, packet.has_audio_level ? std::optional{packet.audio_level} : std::nullopt,
                          packet.payload_size, now);
  room.heard.push_back({layer.publication, arrival});
  if (room.unsettled) return;
  room.unsettled = true;
  unsettled_.push_back(publication.room);
}

void Voices::settle(TimePoint now) {
  for (const auto index : unsettled_) settle(index, now);
  unsettled_.clear();
}

void Voices::settle(RoomIndex index, TimePoint now) {
  auto& room = tables_.rooms[index];
  room.unsettled = false;
  update(index, now);
  for (const auto& heard : room.heard) {
    const auto source = tables_.publications[heard.publication].layers().front();
    for (const auto line : room.lines)
      if (tables_.layers[line].copied_from == source) copy(tables_.layers[source], heard.arrival, line, now);
  }
  room.heard.clear();
}

void Voices::update(RoomIndex index, TimePoint now) {
  auto& room = tables_.rooms[index];
  if (room.selection.update(now))
    for (std::size_t place = 0; place < room.lines.size(); ++place) seat(room, place);
  say(index, now);
}

std::optional<Voice> Voices::voice_in(const Room& room, std::size_t place) const {
  return place < kVoicePlaces ? room.selection.places()[place] : room.selection.lead();
}

// Connects a line to whoever has its place now.
void Voices::seat(Room& room, std::size_t place) {
  auto& line = tables_.layers[room.lines[place]];
  const auto voice = voice_in(room, place);
  const auto source = voice ? tables_.publications[room.selection.publication(*voice)].layers().front() : kNoLayer;
  if (line.copied_from == source) return;
  line.copied_from = source;
  line.copied_epoch = 0;  // whatever comes begins an epoch
}

void Voices::copy(Layer& source, Arrival arrival, LayerIndex line_index, TimePoint now) {
  auto& line = tables_.layers[line_index];
  const auto* original = source.history.at(arrival);
  if (!line.is_wanted() || original == nullptr) return;
  auto packet = *original;
  const bool begins = packet.epoch != line.copied_epoch;
  if (begins) {
    line.begin_epoch(tables_.new_epoch());
    line.copied_epoch = packet.epoch;
    const auto ntp = ntp_.ntp_at(now);
    line.timestamp_shift = *line.clock.rtp_at(ntp) - *source.clock.rtp_at(ntp);
  }
  bool had_room = true;
  const auto slot = tables_.take_packet_slot(source, had_room);  // in need the original's own: then nothing is copied
  if (!had_room) ++counters_.drops[static_cast<std::size_t>(Drop::pool_exhausted)];
  const auto bytes = tables_.store.bytes(packet.slot).first(std::size_t{packet.payload_offset} + packet.payload_size);
  if (slot != packet.slot) std::copy(bytes.begin(), bytes.end(), tables_.store.bytes(slot).begin());
  packet.slot = slot;
  packet.epoch = line.epoch;
  packet.voice = source.publication;
  packet.timestamp += line.timestamp_shift;
  line.history.push(packet);
  line.burst_complete |= packet.marker;
  agenda_.collect(line_index, line, packet.arrived_at);
  if (begins) mirrors_.tell_clock(line);
  mirrors_.copy(line);
}

// Nothing of what it carried leaves any more.
void Voices::silence(Layer& line) {
  line.copied_from = kNoLayer;
  line.history.clear();
  line.begin_epoch(tables_.new_epoch());
  for (const auto& ref : line.receivers) tables_.slot(ref).cursor = line.history.next();
}

void Voices::say(RoomIndex index, TimePoint now) {
  auto& room = tables_.rooms[index];
  VoicesChanged change{.room = room.id, .speaking = room.selection.speaking(now)};
  for (std::size_t place = 0; place < kVoicePlaces; ++place)
    if (const auto voice = room.selection.places()[place])
      change.places[place] = tables_.publications[room.selection.publication(*voice)].id;
  const bool changed = change.places != room.said.places || change.speaking != room.said.speaking;
  auto deadline = room.selection.next_deadline();
  if (changed && now >= room.next_event) {
    room.said = change;
    room.next_event = now + kEventInterval;
    agenda_.events.push_back(change);
  } else if (changed) {
    deadline = std::min(deadline, room.next_event);
  }
  // Whoever stops sending altogether stops speaking too.
  if (change.speaking != 0) deadline = std::min(deadline, now + SpeakerSelection::kSpeaking);
  timers_.set(index.value(), deadline);
}

void Voices::advance(TimePoint now) {
  timers_.expire(now, [&](TimerWheel::Key key) { update(RoomIndex{key}, now); });
}

}  // namespace bridgehall::media

// What a shard holds. Places are stable while their owner lives; indices are used again after that.
#pragma once

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "media/layer.h"
#include "media/packet_store.h"
#include "media/peer.h"
#include "media/publication.h"
#include "media/room.h"

namespace bridgehall::media {

// Owns T in places named by Index.
template <class T, class Index>
class Pool {
 public:
  template <class... Arguments>
  Index add(Arguments&&... arguments) {
    if (free_.empty()) {
      free_.push_back(Index{static_cast<std::uint32_t>(places_.size())});
      places_.emplace_back();
    }
    const auto index = free_.back();
    free_.pop_back();
    places_[index.value()] = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    return index;
  }
  void remove(Index index) {
    places_[index.value()].reset();
    free_.push_back(index);
  }

  // nullptr when the place is empty.
  T* get(Index index) { return index.value() < places_.size() ? places_[index.value()].get() : nullptr; }
  const T* get(Index index) const { return index.value() < places_.size() ? places_[index.value()].get() : nullptr; }
  T& operator[](Index index) { return *places_[index.value()]; }
  const T& operator[](Index index) const { return *places_[index.value()]; }
  std::uint32_t places() const { return static_cast<std::uint32_t>(places_.size()); }  // empty ones too

  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t i = 0; i < places_.size(); ++i)
      if (places_[i]) visit(Index{i}, *places_[i]);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t i = 0; i < places_.size(); ++i)
      if (places_[i]) visit(Index{i}, std::as_const(*places_[i]));
  }

 private:
  std::vector<std::unique_ptr<T>> places_;
  std::vector<Index> free_;
};

// A pool that remembers under which public Id each thing is known; T begins with its id.
template <class T, class PublicId, class Index>
class Table : public Pool<T, Index> {
 public:
  template <class... Arguments>
  Index add(PublicId id, Arguments&&... arguments) {
    const auto index = Pool<T, Index>::add(id, std::forward<Arguments>(arguments)...);
    by_id_[id] = index;
    return index;
  }
  void remove(Index index) {
    by_id_.erase((*this)[index].id);
    Pool<T, Index>::remove(index);
  }
  const Index* find(PublicId id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second;
  }
  std::size_t size() const { return by_id_.size(); }

 private:
  std::unordered_map<PublicId, Index> by_id_;
};

struct Tables {
  explicit Tables(std::uint32_t packet_slots) : store(packet_slots) {}

  PacketStore store;  // outlives the histories in `layers`
  Pool<Layer, LayerIndex> layers;
  Table<Publication, PublicationId, PublicationIndex> publications;
  Table<Room, RoomId, RoomIndex> rooms;
  Table<Peer, PeerId, PeerIndex> peers;

  Epoch new_epoch() { return ++last_epoch_; }

  OutgoingStream& slot(TrackRef ref) { return peers[ref.peer].outgoing[ref.track]; }

  // Encodings are offered lowest first, as a rule; where keyframes tell their sizes these decide. True when their order
  // has changed.
  bool order_layers(Publication& publication);

  // A free packet slot. When the pool is exhausted the longest of a few histories gives its oldest packet, others the
  // next time: so all become equally long in the end, and whoever comes last has room too. `newest` has a packet.
  // False in `had_room` when that was needed.
  Slot take_packet_slot(Layer& newest, bool& had_room);

 private:
  Epoch last_epoch_ = 0;
  std::uint32_t next_shortened_ = 0;  // place in `layers`
};

}  // namespace bridgehall::media

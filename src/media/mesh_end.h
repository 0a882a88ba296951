// One shard's end of the mesh: what it sends to the others, and what of theirs it looks at in a turn. A shard that is
// alone has no mesh and nobody to tell. On the shard's thread.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "media/mesh.h"

namespace bridgehall::media {

class MeshEnd {
 public:
  MeshEnd(ShardMesh* mesh, ShardNumber self)
      : mesh_(mesh), self_(self), looked_at_(mesh != nullptr ? mesh->shards() : 0), late_notes_(looked_at_.size()) {}

  ShardNumber self() const { return self_; }
  std::size_t shards() const { return mesh_ != nullptr ? mesh_->shards() : 1; }
  bool has(ShardNumber shard) const { return shard.value() < shards(); }
  // Which shard decides who is heard in that room.
  ShardNumber home_of(RoomId room) const { return ShardNumber{static_cast<std::uint8_t>(room.value() % shards())}; }

  // -- to others --

  void tell(ShardNumber to, const Note& note) {
    auto& late = late_notes_[to.value()];
    auto copy = note;
    if (!late.empty() || !mesh_->lane(self_, to).notes.push(std::move(copy))) late.push_back(note);
    addressed_.insert(to);
  }
  void tell_others(const Note& note) {
    for (std::size_t i = 0; i < shards(); ++i)
      if (const ShardNumber to{static_cast<std::uint8_t>(i)}; to != self_) tell(to, note);
  }

  // `write` fills in the entry. False when there is no room.
  template <class Write>
  bool send_packet(ShardNumber to, Write&& write) {
    auto& ring = mesh_->lane(self_, to).packets;
    auto* entry = ring.next();
    if (entry == nullptr) return false;
    write(*entry);
    ring.publish();
    addressed_.insert(to);
    return true;
  }
  // A stranger's may fill half of the ring: the media of those who are known still pass.
  template <class Write>
  bool send_datagram(ShardNumber to, bool stranger, Write&& write) {
    auto& ring = mesh_->lane(self_, to).datagrams;
    auto* entry = stranger && ring.size() >= ring.capacity() / 2 ? nullptr : ring.next();
    if (entry == nullptr) return false;
    write(*entry);
    ring.publish();
    addressed_.insert(to);
    return true;
  }

  // Notes that found no room go as soon as there is some.
  void send_late_notes() {
    for (std::size_t to = 0; to < late_notes_.size(); ++to) {
      auto& late = late_notes_[to];
      while (!late.empty() && lane_to(to).notes.has_room()) {
        lane_to(to).notes.push(std::move(late.front()));
        late.pop_front();
        addressed_.insert(ShardNumber{static_cast<std::uint8_t>(to)});
      }
    }
  }
  bool has_late_notes() const {
    for (const auto& late : late_notes_)
      if (!late.empty()) return true;
    return false;
  }
  // Who was sent something since this was last asked: they may be asleep.
  ShardSet take_addressed() { return std::exchange(addressed_, {}); }

  // -- from others --

  // What has come up to now is what the visits below give; what comes later waits for the next look. Whatever caused a
  // note was pushed before it: who looks, and then takes all of control's commands, has the commands that the notes
  // build upon.
  void look() {
    for (std::size_t from = 0; from < looked_at_.size(); ++from) {
      if (from == self_.value()) continue;
      auto& lane = lane_from(from);
      looked_at_[from] = {lane.notes.waiting(), lane.packets.waiting(), lane.datagrams.waiting()};
    }
  }
  bool has_mail() const {
    for (std::size_t from = 0; from < looked_at_.size(); ++from) {
      if (from == self_.value()) continue;
      const auto& lane = lane_from(from);
      if (lane.notes.waiting() + lane.packets.waiting() + lane.datagrams.waiting() > 0) return true;
    }
    return false;
  }
  template <class Visit>
  void take_notes(Visit&& visit) {
    for_each_neighbour([&](ShardNumber from, ShardMesh::Lane& lane, Seen& seen) {
      for (; seen.notes > 0; --seen.notes) visit(from, *lane.notes.pop());
    });
  }
  template <class Visit>
  void take_packets(Visit&& visit) {
    for_each_neighbour([&](ShardNumber from, ShardMesh::Lane& lane, Seen& seen) {
      for (; seen.packets > 0; --seen.packets, lane.packets.release()) visit(from, lane.packets.front());
    });
  }
  template <class Visit>
  void take_datagrams(Visit&& visit) {
    for_each_neighbour([&](ShardNumber, ShardMesh::Lane& lane, Seen& seen) {
      for (; seen.datagrams > 0; --seen.datagrams, lane.datagrams.release()) visit(lane.datagrams.front());
    });
  }

 private:
  struct Seen {
    std::size_t notes = 0, packets = 0, datagrams = 0;
  };
  ShardMesh::Lane& lane_to(std::size_t to) { return mesh_->lane(self_, ShardNumber{static_cast<std::uint8_t>(to)}); }
  ShardMesh::Lane& lane_from(std::size_t from) const {
    return mesh_->lane(ShardNumber{static_cast<std::uint8_t>(from)}, self_);
  }
  template <class Visit>
  void for_each_neighbour(Visit&& visit) {
    for (std::size_t from = 0; from < looked_at_.size(); ++from)
      if (from != self_.value()) visit(ShardNumber{static_cast<std::uint8_t>(from)}, lane_from(from), looked_at_[from]);
  }

  ShardMesh* mesh_;
  ShardNumber self_;
  std::vector<Seen> looked_at_;               // by shard
  std::vector<std::deque<Note>> late_notes_;  // by shard; as many as layers, tracks and addresses change in a turn
  ShardSet addressed_;
};

}  // namespace bridgehall::media

// What shards send each other, and the rings in which it lies: for each ordered pair of shards one for packets, one for
// datagrams that the kernel gave to the wrong socket, and one for notes. Plain structs; nothing in them points into a
// shard. Made before the shards, and outlives them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/slot_ring.h"
#include "base/spsc_ring.h"
#include "media/api.h"
#include "media/history.h"
#include "media/shard_number.h"
#include "session/sender_clock.h"

namespace bridgehall::media {

// A layer by a name that all shards know: an encoding of a publication by its place in the offer, or the line of one of
// a room's voice places.
struct LayerName {
  PublicationId publication{};  // 0: a line
  RoomId room{};
  std::uint8_t number = 0;
};

// -- notes: never lost, in order --

// A publication's packets come to the shard that says so from now on. `sender` grows with each change of sender: who
// hears of two in the wrong order knows the later one.
struct SenderAttached {
  PublicationId publication;
  PeerId sender;
  std::uint8_t layers = 1;
};
// What is known of a publication's layers where its packets come in: for the choice among them.
struct LayerFacts {
  struct Fact {
    bool alive = false;
    std::uint32_t bitrate = 0;  // bits per second
    std::uint32_t pixels = 0;
  };
  PublicationId publication;
  std::array<Fact, kMaxLayers> layers;  // by number
};
// Somebody here wants the layer's packets, or nobody does any more.
struct LayerDemand {
  LayerName layer;
  bool wanted = false;
};
struct KeyframeWanted {
  LayerName layer;
  bool joining = false;  // nothing of it has come yet: a keyframe that was sent along with the first packets will do
};
// How its timestamps lie in time: for sender reports, so that lips stay in sync.
struct LayerClock {
  LayerName layer;
  session::RtpClock clock;
  std::uint32_t timestamp_shift = 0;
};
// Datagrams from there belong to a peer of the shard that says so; or not any more.
struct AddressTaken {
  TransportAddress address;
};
struct AddressFree {
  TransportAddress address;
};
// Another peer's authentic checks come from an address that belongs to a peer of the shard that is told.
struct AddressWanted {
  TransportAddress address;
};
using Note = std::variant<AddressTaken, AddressFree, AddressWanted, SenderAttached, LayerFacts, LayerDemand,
                          KeyframeWanted, LayerClock>;

// -- packets and datagrams: dropped and counted where there is no room --

// A packet for the mirror of its layer. `packet` as at its origin, but for slot, voice and the epoch's meaning.
struct MirroredPacket {
  LayerName layer;
  PublicationId voice{};  // on a line: who speaks
  StoredPacket packet;
  std::array<std::uint8_t, PacketStore::kSlotSize> bytes;  // up to the payload's end
};
struct HandedDatagram {
  NetworkPath path;
  TimePoint arrived_at{};
  std::uint16_t size = 0;
  std::array<std::uint8_t, PacketStore::kSlotSize> bytes;
};

class ShardMesh {
 public:
  struct Lane {
    explicit Lane(std::size_t large) : packets(large), datagrams(large) {}

    // Joins of a second: each tells of an address or two, some tracks and layers. Beyond that notes wait at their
    // sender.
    static constexpr std::size_t kNotes = 1024;
    SpscRing<Note> notes{kNotes};
    SlotRing<MirroredPacket> packets;
    SlotRing<HandedDatagram> datagrams;
  };

  explicit ShardMesh(std::size_t shards) : shards_(shards) {
    BRIDGEHALL_CHECK(shards >= 1 && shards <= kMaxShards);
    lanes_.resize(shards * shards);
    for (std::size_t from = 0; from < shards; ++from)
      for (std::size_t to = 0; to < shards; ++to)
        if (from != to) lanes_[from * shards + to] = std::make_unique<Lane>(large_entries(shards));
  }

  std::size_t shards() const { return shards_; }
  // Only of two different shards. The first produces, the second consumes.
  Lane& lane(ShardNumber from, ShardNumber to) { return *lanes_[from.value() * shards_ + to.value()]; }

 private:
  // A few turns' worth: 1,024 packets are 1.6 MiB, and 16 shards have 240 lanes. All rings together stay below 150 MiB.
  static std::size_t large_entries(std::size_t shards) { return shards <= 4 ? 1024 : shards <= 8 ? 512 : 128; }

  std::size_t shards_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace bridgehall::media

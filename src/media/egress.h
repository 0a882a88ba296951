// Hop 5: receiver by receiver, plans become trains: sizes are equalised by RTP padding, headers written, and everything
// sealed straight into the send arena, ready for one sendmsg per train.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/datagram.h"
#include "media/forwarder.h"

namespace bridgehall::media {

class Egress {
 public:
  // One receiver's share of a turn, and the kernel's bound on segments: 64 packets of at most one slot each fit a
  // quarter of the arena, so a turn serves many receivers before it sends.
  static constexpr std::size_t kMaxPlans = 64;
  static constexpr std::size_t kMaxSealed = PacketStore::kSlotSize + 64;
  static constexpr std::size_t kArena = 4 * kMaxPlans * kMaxSealed;
  // Bytes of one train: what a slow line swallows without a queue building up behind it (10 KB are 20 ms at 4 Mb/s).
  static constexpr std::size_t kTrainBytes = 10'000;
  // Most padding that a packet gets so that it can ride in a train; more would cost more than a datagram of its own.
  static constexpr std::size_t kMaxPadding = 64;

  Egress(Tables& tables, ShardCounters& counters)
      : forwarder_(tables, counters),
        counters_(counters),
        arena_(std::make_unique_for_overwrite<std::uint8_t[]>(kArena)) {}

  // What build() of a receiver will touch first is asked for while those before it are served: `far` leads to where its
  // keys and streams lie, `near` to them.
  static void expect_far(const Peer& peer);
  static void expect_near(const Peer& peer);

  // Makes the trains of `peer` and appends them to `out`; they point into the arena until begin_turn(). Packets that
  // did not fit into this share stay pending in the peer.
  void build(Peer& peer, TimePoint now, std::vector<Train>& out);

  // Room for another receiver's share?
  bool has_room() const { return kArena - used_ >= kMaxPlans * kMaxSealed; }
  void begin_turn() { used_ = 0; }

 private:
  std::size_t take_train(std::span<const PlannedPacket> plans, std::size_t overhead, std::size_t& segment) const;
  struct Receiver {
    Peer& peer;
    crypto::Sealer& sealer;
    std::size_t overhead;  // what sealing adds
    TimePoint now;
  };
  std::size_t seal(const Receiver& receiver, const PlannedPacket& plan, std::size_t padding);
  static void write_extensions(wire::RtpHeaderWriter& writer, const PlannedPacket& plan,
                               std::uint16_t transport_sequence);

  Forwarder forwarder_;
  ShardCounters& counters_;
  std::unique_ptr<std::uint8_t[]> arena_;
  std::size_t used_ = 0;
  std::array<PlannedPacket, kMaxPlans> plans_;
};

}  // namespace bridgehall::media

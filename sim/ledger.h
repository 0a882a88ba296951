// What truly happened, for the checks: every packet that a publisher made, when the server accepted it, and when each
// publication was open. No model of a server or client decides anything by it.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "media/api.h"
#include "media/shard_number.h"

namespace bridgehall::sim {

// One sender's time with one publication: the same publication sent again after a return is another broadcast.
using BroadcastId = Id<struct BroadcastTag>;

struct SentPacket {
  std::uint32_t timestamp = 0;
  std::uint32_t frame = 0;          // counts frames of the broadcast
  std::uint16_t frame_packets = 1;  // in its frame
  std::uint16_t index = 0;          // in its frame
  std::uint16_t payload_size = 0;   // 0: padding only
  std::uint16_t picture_id = 0;
  std::uint8_t tl0_picture_index = 0;
  std::uint8_t temporal_layer = 0;
  std::uint8_t audio_level = 0;
  std::uint8_t video_orientation = 0;
  bool has_audio_level = false;
  bool has_video_orientation = false;
  bool keyframe = false;
  bool marker = false;
  TimePoint captured_at{};

  bool forwardable = false;  // accepted by the server while its publication was open
  std::uint32_t gate_period = 0;
  TimePoint accepted_at = kNever;  // the first copy that came from a validated address
  TimePoint last_arrival{};        // of any copy
  std::int64_t newest_then = 0;    // the highest sequence accepted before it: how late it was
};

struct Broadcast {
  media::PublicationId publication;
  wire::Codec codec{};
  std::uint32_t owner = 0;     // whose page, in a conference
  std::uint8_t layer = 0;      // of its publication
  media::ShardNumber shard{};  // where its packets come in
  std::int64_t first_sequence = 0;
  std::uint32_t first_timestamp = 0;
  TimePoint began{};
  std::uint8_t picture_id_bits = 15;  // 0, 7, 15: VP8 and VP9
  bool has_dependency_descriptor = false;
  std::vector<SentPacket> packets;  // by sequence − first_sequence
  std::int64_t highest_accepted = -1;
  TimePoint reported_at = kNever;  // a sender report reached the server
  TimePoint ended_at = kNever;     // the server let go of this sender

  std::uint32_t timestamp_at(TimePoint t) const {
    const auto ticks = static_cast<__int128>((t - began).count()) * wire::clock_rate_of(codec) / 1'000'000'000;
    return first_timestamp + static_cast<std::uint32_t>(ticks);
  }
  SentPacket* find(std::int64_t sequence) {
    const auto index = sequence - first_sequence;
    return index >= 0 && index < static_cast<std::int64_t>(packets.size()) ? &packets[static_cast<std::size_t>(index)]
                                                                           : nullptr;
  }
};

struct Gate {
  bool open = false;
  std::uint32_t period = 0;  // grows with each opening
  TimePoint changed_at{};
};

// Names a packet, a sender report or a true connectivity check on its way to the server.
struct Tag {
  enum class Kind : std::uint8_t { none, packet, report, check };
  static std::uint64_t packet(BroadcastId broadcast, std::size_t index) {
    return std::uint64_t{1} << 62 | std::uint64_t{broadcast.value()} << 32 | index;
  }
  // A datagram with the reports of `count` broadcasts from this one on.
  static std::uint64_t report(BroadcastId broadcast, std::size_t count) {
    return std::uint64_t{2} << 62 | std::uint64_t{broadcast.value()} << 32 | count;
  }

  static std::uint64_t check() { return std::uint64_t{3} << 62; }

  static Kind kind(std::uint64_t tag) { return static_cast<Kind>(tag >> 62); }
  static BroadcastId broadcast(std::uint64_t tag) {
    return BroadcastId{static_cast<std::uint32_t>(tag >> 32 & 0x3fffffff)};
  }
  static std::size_t index(std::uint64_t tag) { return tag & 0xffffffff; }
};

class Ledger {
 public:
  BroadcastId begin(Broadcast broadcast) {
    broadcasts_.push_back(std::move(broadcast));
    return BroadcastId{static_cast<std::uint32_t>(broadcasts_.size() - 1)};
  }
  Broadcast& operator[](BroadcastId id) { return broadcasts_[id.value()]; }
  Broadcast* find(BroadcastId id) { return id.value() < broadcasts_.size() ? &broadcasts_[id.value()] : nullptr; }
  std::vector<Broadcast>& broadcasts() { return broadcasts_; }
  // As it was at that shard at `t`; what happens at `t` counts.
  Gate gate_at(media::PublicationId publication, media::ShardNumber shard, TimePoint t) const;
  void set_gate(media::PublicationId publication, media::ShardNumber shard, bool open, TimePoint now);
  // Whoever sends the publication is no longer listened to.
  void end_broadcasts(media::PublicationId publication, TimePoint now);
  // The server is gone, and what it knew.
  void end_all(TimePoint now);

  // A datagram with this tag came to that shard, from an address that it takes media from or not.
  void arrived(std::uint64_t tag, bool from_validated, media::ShardNumber shard, TimePoint now);

 private:
  std::vector<Broadcast> broadcasts_;
  // In order of time, for each shard: they carry a command out each in its turn.
  using GateHistory = std::vector<Gate>;
  std::unordered_map<media::PublicationId, std::vector<GateHistory>> gates_;
};

}  // namespace bridgehall::sim

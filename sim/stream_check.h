// What one receiver may be sent on one track, checked packet by packet as it leaves the server, in clear: content as
// the publisher made it, numbers on an unbroken line, nothing from behind a closed gate, repetitions that repeat. A
// track without a publication of its own is a slot: it may be filled with anything, and go over to it at a keyframe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "media/api.h"
#include "sim/content.h"
#include "sim/world.h"

namespace bridgehall::sim {

class StreamCheck {
 public:
  StreamCheck(World& world, std::string receiver, const media::OutgoingTrack& track)
      : world_(world), receiver_(std::move(receiver)), track_(track) {}

  const media::OutgoingTrack& track() const { return track_; }
  // Where the receiver lives.
  void set_shard(media::ShardNumber shard) { shard_ = shard; }

  // A packet that left at `sent_at`, in clear with its padding.
  void on_sent(BytesView plain, const wire::RtpHeader& header, std::int64_t sequence, TimePoint sent_at);
  void on_repeated(BytesView plain, const wire::RtpHeader& header, TimePoint sent_at);

  // Every packet that the server accepted in time and while open has left; asked at the end.
  void check_complete(TimePoint activated_at, TimePoint end);

  std::uint32_t epoch() const { return static_cast<std::uint32_t>(epochs_.size() - 1); }  // the present one
  // Whom the newest packet is of; nullopt before the first.
  std::optional<BroadcastId> newest_broadcast() const {
    return epochs_.empty() ? std::nullopt : std::optional{epochs_.back().broadcast};
  }
  std::uint32_t packets() const { return packets_; }
  std::uint64_t repeats() const { return repeats_; }

  // Where the publisher's timestamps stood on this line when something was sent at `t`.
  struct Mapping {
    BroadcastId broadcast;
    std::uint32_t timestamp_offset = 0;
  };
  std::optional<Mapping> mapping_before(TimePoint t) const;

  // What left under this sequence number; nullptr when nothing did.
  struct Sent {
    BroadcastId broadcast;
    std::size_t index = 0;  // in the broadcast
    TimePoint at{};
    std::uint32_t epoch = 0;
  };
  const Sent* sent(std::int64_t sequence) const;
  std::int64_t first_sequence() const { return first_sequence_; }
  std::int64_t newest_sequence() const { return newest_; }

 private:
  struct Epoch {
    BroadcastId broadcast;
    std::uint32_t gate_period = 0;
    std::int64_t first_index = 0;      // of the first packet, in the broadcast
    std::int64_t sequence_offset = 0;  // outgoing sequence − index
    std::uint32_t timestamp_offset = 0;
    std::uint16_t picture_id_offset = 0;
    std::uint8_t tl0_offset = 0;
    TimePoint since{};
    std::vector<bool> forwarded;  // by index − first_index
    std::int64_t lowest_sequence = 0;
    std::int64_t expected_sequence = 0;  // where the epoch before it ended
    std::uint32_t timestamp_before = 0;
    std::uint16_t picture_id_before = 0;
    std::uint8_t tl0_before = 0;
    bool follows = false;  // there was one before
    bool follows_picture = false;
    std::int64_t newest_index = 0;
    TimePoint newest_at{};  // when that left
  };

  template <class... Arguments>
  void violated(TimePoint at, fmt::format_string<Arguments...> words, Arguments&&... arguments) {
    world_.violations.add(at, "{}: {}", receiver_, fmt::format(words, std::forward<Arguments>(arguments)...));
  }
  Gate gate_at(const Broadcast& broadcast, TimePoint t) const {
    return world_.ledger.gate_at(broadcast.publication, shard_, t);
  }
  bool is_slot() const { return track_.publication == media::PublicationId{}; }
  bool goes_over(ContentIdentity identity, const wire::RtpHeader& header, std::int64_t sequence, TimePoint at) const;
  bool check_allowed(const Broadcast& broadcast, const SentPacket& packet, TimePoint sent_at);
  void begin_epoch(ContentIdentity identity, BytesView payload, const wire::RtpHeader& header, std::int64_t sequence,
                   TimePoint at);
  void check_transition(const Epoch& epoch, TimePoint at);
  void check_numbers(const SentPacket& packet, std::int64_t index, const wire::RtpHeader& header, std::int64_t sequence,
                     TimePoint at);
  void check_content(ContentIdentity identity, const SentPacket& packet, const Epoch& epoch, BytesView payload,
                     TimePoint at);
  void check_extensions(const SentPacket& packet, BytesView plain, const wire::RtpHeader& header, TimePoint at);
  void check_epoch_complete(const Epoch& epoch, TimePoint activated_at, TimePoint end);

  World& world_;
  std::string receiver_;
  media::OutgoingTrack track_;
  media::ShardNumber shard_{};
  std::vector<Epoch> epochs_;
  std::vector<Sent> sent_;  // by sequence − first_sequence
  std::int64_t first_sequence_ = -1;
  std::int64_t newest_ = -1;
  std::uint32_t newest_timestamp_ = 0;
  // Of the newest packet with content: what the next epoch goes on from.
  std::uint16_t newest_picture_id_ = 0;
  std::uint8_t newest_tl0_ = 0;
  bool has_picture_ = false;
  std::uint32_t packets_ = 0;
  std::uint64_t repeats_ = 0;
};

}  // namespace bridgehall::sim

// Maps numbers of whoever sends a publication now to the unbroken line that one receiver sees: sequence numbers,
// timestamps, VP8/VP9 picture ids and TL0PICIDX. Pure: a small state and offsets. Real losses stay visible as gaps; a
// change of sender, a closed gate or a wait for a keyframe does not.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "media/history.h"

namespace bridgehall::media {

struct RewrittenNumbers {
  std::int64_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint16_t picture_id = 0;
  std::uint8_t tl0_picture_index = 0;
};

class Rewriter {
 public:
  // The line begins at `first_sequence` and `first_timestamp`.
  Rewriter(std::uint32_t clock_rate, std::int64_t first_sequence, std::uint32_t first_timestamp)
      : clock_rate_(clock_rate), next_sequence_(first_sequence), newest_timestamp_(first_timestamp) {}

  // From `first` on packets belong to a new epoch. The timestamp moves on by the time since the last packet, at least
  // by one tick in a hundred of a second, so that frames stay apart and in order.
  void begin_epoch(const StoredPacket& first);

  bool in_epoch(const StoredPacket& packet) const { return started_ && packet.epoch == epoch_; }

  // Packets before the epoch's first have no place on the line.
  bool has_place(const StoredPacket& packet) const {
    return packet.sequence >= epoch_first_ && packet.sequence + sequence_offset_ > next_sequence_ - kReordering;
  }

  RewrittenNumbers map(const StoredPacket& packet) const {
    return {.sequence = packet.sequence + sequence_offset_,
            .timestamp = packet.timestamp + timestamp_offset_,
            .picture_id = static_cast<std::uint16_t>(packet.payload.picture_id + picture_id_offset_),
            .tl0_picture_index = static_cast<std::uint8_t>(packet.payload.tl0_picture_index + tl0_offset_)};
  }

  // Call for each packet sent, in order of sending.
  void sent(const StoredPacket& packet, const RewrittenNumbers& numbers);

  std::uint32_t timestamp_offset() const { return timestamp_offset_; }
  bool started() const { return started_; }
  std::uint16_t epoch() const { return epoch_; }

 private:
  static constexpr std::int64_t kReordering = 500;  // inside SendStream::kWindow

  std::uint32_t clock_rate_;
  bool started_ = false;
  std::uint16_t epoch_ = 0;
  std::int64_t epoch_first_ = 0;
  std::int64_t sequence_offset_ = 0;
  std::uint32_t timestamp_offset_ = 0;
  std::uint16_t picture_id_offset_ = 0;
  std::uint8_t tl0_offset_ = 0;

  std::int64_t next_sequence_;  // one after the newest sent
  std::uint32_t newest_timestamp_;
  TimePoint newest_arrived_at_{};
  std::uint16_t newest_picture_id_ = 0;
  std::uint8_t newest_tl0_ = 0;
  bool any_sent_ = false;
};

}  // namespace bridgehall::media

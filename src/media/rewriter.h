// Maps numbers of whoever sends a publication now to the unbroken line that one receiver sees: sequence numbers,
// timestamps, VP8/VP9 picture ids and TL0PICIDX, frame numbers of dependency descriptors. Pure: a small state and
// offsets. Real losses stay visible as gaps; a change of sender, a closed gate, a wait for a keyframe or packets that
// are left out on purpose do not.
//
// Left out: each skip closes the line up by one. The last kSkipWindow sequence numbers up to the newest skip have a bit
// that says whether they were skipped, so a late packet finds the place that was kept for it however many of its
// neighbours are gone; numbers of packets that have not come stay free. On the line, order and distinctness are those
// of the incoming numbers. Picture ids close up over whole pictures that are left out, in the same way. TL0PICIDX does
// not move, since a base picture is never left out, nor do frame numbers: their references are differences.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "media/history.h"
#include "session/bit_window.h"

namespace bridgehall::media {

struct RewrittenNumbers {
  std::int64_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint16_t picture_id = 0;
  std::uint8_t tl0_picture_index = 0;
  std::uint16_t frame_number = 0;  // of the dependency descriptor
};

enum class Skipped : std::uint8_t {
  packet,   // other packets of its picture may go
  picture,  // its whole picture is left out
};

class Rewriter {
 public:
  // The line begins at `first_sequence` and `first_timestamp`.
  Rewriter(std::uint32_t clock_rate, std::int64_t first_sequence, std::uint32_t first_timestamp)
      : clock_rate_(clock_rate), next_sequence_(first_sequence), newest_timestamp_(first_timestamp) {}

  // From `first` on packets belong to a new epoch. With `clock_shift`, how far the new source's timestamps lie behind
  // those of the one before at the same instant, the line keeps its relation to the clock on the wall: what the
  // receiver learnt from our sender reports stays right, and lips stay in sync. Without it the timestamp moves on by
  // the time since the last packet; in any case by a hundredth of a second at least, so that frames stay apart and in
  // order.
  void begin_epoch(const StoredPacket& first, std::optional<std::uint32_t> clock_shift = std::nullopt);
  // What comes next begins an epoch, also if it is of the present one: something was left out in between.
  void end_epoch() { started_ = false; }

  bool in_epoch(const StoredPacket& packet) const { return started_ && packet.epoch == epoch_; }

  // Packets before the epoch's first have no place on the line, nor have those that come too late or were skipped.
  bool has_place(const StoredPacket& packet) const {
    if (packet.sequence < epoch_first_) return false;
    if (packet.sequence > newest_skip_) return packet.sequence + sequence_offset_ > next_sequence_ - kReordering;
    return has_place_among_skipped(packet.sequence);
  }

  // The numbers of a packet that has a place; the same before and after it was sent.
  RewrittenNumbers map(const StoredPacket& packet) const {
    RewrittenNumbers numbers{
        .sequence = packet.sequence + sequence_offset_,
        .timestamp = packet.timestamp + timestamp_offset_,
        .picture_id = static_cast<std::uint16_t>(packet.payload.picture_id + picture_id_offset_),
        .tl0_picture_index = static_cast<std::uint8_t>(packet.payload.tl0_picture_index + tl0_offset_),
        .frame_number = static_cast<std::uint16_t>(packet.frame.frame_number + frame_number_offset_)};
    if (packet.sequence <= newest_skip_) put_before_skips(packet.sequence, numbers);
    return numbers;
  }

  // Call for each packet sent, in order of sending.
  void sent(const StoredPacket& packet, const RewrittenNumbers& numbers);

  // Call instead of map() and sent() for a packet of this epoch that is left out. One that comes after a later packet
  // was sent leaves a gap, like a loss: the numbers behind it are out.
  void skip(const StoredPacket& packet, Skipped what);

  std::uint32_t timestamp_offset() const { return timestamp_offset_; }
  bool started() const { return started_; }
  Epoch epoch() const { return epoch_; }

 private:
  std::uint32_t next_timestamp(const StoredPacket& first, std::optional<std::uint32_t> clock_shift);

  static constexpr std::int64_t kReordering = 500;  // inside SendStream::kWindow
  static constexpr Duration kLeastStep = 10ms;
  static constexpr Duration kMaxDelayChange = 500ms;  // a clock that says more is wrong
  static constexpr std::int64_t kSkipWindow = 512;

  bool has_place_among_skipped(std::int64_t sequence) const;
  void put_before_skips(std::int64_t sequence, RewrittenNumbers& numbers) const;

  std::uint32_t clock_rate_;
  bool started_ = false;
  Epoch epoch_ = 0;
  std::int64_t epoch_first_ = 0;
  std::int64_t sequence_offset_ = 0;
  std::uint32_t timestamp_offset_ = 0;
  std::uint32_t ahead_ = 0;  // of the clock on the wall, to keep frames apart; given back at the next epoch
  std::uint16_t picture_id_offset_ = 0;
  std::uint8_t tl0_offset_ = 0;
  std::uint16_t frame_number_offset_ = 0;

  // Incoming numbers. A bit of a picture stands at its first packet that was skipped.
  std::int64_t newest_skip_ = 0;  // epoch_first_ - 1: none in this epoch
  std::int64_t newest_sent_ = 0;
  session::BitWindow<kSkipWindow> skipped_;
  session::BitWindow<kSkipWindow> skipped_pictures_;
  std::uint16_t newest_skipped_picture_ = 0;
  bool in_skipped_picture_ = false;  // the newest packet of all is of it

  std::int64_t next_sequence_;  // one after the newest sent
  std::uint32_t newest_timestamp_;
  TimePoint newest_arrived_at_{};
  std::uint16_t newest_picture_id_ = 0;
  std::uint8_t newest_tl0_ = 0;
  std::uint16_t newest_frame_number_ = 0;
  bool any_sent_ = false;
};

}  // namespace bridgehall::media

#include "media/rewriter.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace bridgehall::media {

void Rewriter::begin_epoch(const StoredPacket& first, std::optional<std::uint32_t> clock_shift) {
  started_ = true;
  epoch_ = first.epoch;
  epoch_first_ = first.sequence;
  newest_skip_ = first.sequence - 1;
  newest_sent_ = first.sequence - 1;
  in_skipped_picture_ = false;
  sequence_offset_ = next_sequence_ - first.sequence;

  std::uint32_t timestamp = newest_timestamp_;
  std::uint16_t picture_id = first.payload.picture_id;
  std::uint8_t tl0 = first.payload.tl0_picture_index;
  std::uint16_t frame_number = first.frame.frame_number;
  if (any_sent_) {
    timestamp = next_timestamp(first, clock_shift);
    picture_id = static_cast<std::uint16_t>(newest_picture_id_ + 1);
    tl0 = static_cast<std::uint8_t>(newest_tl0_ + 1);
    frame_number = static_cast<std::uint16_t>(newest_frame_number_ + 1);
  }
  timestamp_offset_ = timestamp - first.timestamp;
  picture_id_offset_ = static_cast<std::uint16_t>(picture_id - first.payload.picture_id);
  tl0_offset_ = static_cast<std::uint8_t>(tl0 - first.payload.tl0_picture_index);
  frame_number_offset_ = static_cast<std::uint16_t>(frame_number - first.frame.frame_number);
}

bool Rewriter::has_place_among_skipped(std::int64_t sequence) const {
  if (newest_skip_ - sequence >= kSkipWindow || skipped_.test(sequence)) return false;
  return sequence + sequence_offset_ + skipped_.count(sequence, newest_skip_) > next_sequence_ - kReordering;
}

void Rewriter::put_before_skips(std::int64_t sequence, RewrittenNumbers& numbers) const {
  const auto after = std::max(sequence, newest_skip_ - kSkipWindow);
  numbers.sequence += skipped_.count(after, newest_skip_);
  numbers.picture_id = static_cast<std::uint16_t>(numbers.picture_id + skipped_pictures_.count(after, newest_skip_));
}

std::uint32_t Rewriter::next_timestamp(const StoredPacket& first, std::optional<std::uint32_t> clock_shift) {
  const auto ticks = [&](Duration time) {
    return static_cast<std::int32_t>(time.count() / 1000 * clock_rate_ / 1'000'000);
  };
  const auto elapsed = std::clamp<Duration>(first.arrived_at - newest_arrived_at_, kLeastStep, 1h);
  const auto by_arrival = newest_timestamp_ + static_cast<std::uint32_t>(ticks(elapsed));
  const auto ahead = std::exchange(ahead_, 0);
  if (!clock_shift) return by_arrival;
  const auto by_clock = first.timestamp + timestamp_offset_ - ahead + *clock_shift;
  if (std::abs(static_cast<std::int32_t>(by_clock - by_arrival)) > ticks(kMaxDelayChange)) return by_arrival;
  const auto least = newest_timestamp_ + static_cast<std::uint32_t>(ticks(kLeastStep));
  if (static_cast<std::int32_t>(by_clock - least) >= 0) return by_clock;
  ahead_ = least - by_clock;
  return least;
}

void Rewriter::sent(const StoredPacket& packet, const RewrittenNumbers& numbers) {
  if (numbers.sequence < next_sequence_) return;  // a late one
  next_sequence_ = numbers.sequence + 1;
  newest_sent_ = packet.sequence;
  in_skipped_picture_ &= packet.sequence < newest_skip_;
  newest_timestamp_ = numbers.timestamp;
  newest_arrived_at_ = packet.arrived_at;
  any_sent_ = true;
  if (packet.payload_size == 0) return;  // padding alone has no picture
  newest_picture_id_ = numbers.picture_id;
  newest_tl0_ = numbers.tl0_picture_index;
  newest_frame_number_ = numbers.frame_number;
}

void Rewriter::skip(const StoredPacket& packet, Skipped what) {
  if (packet.sequence < newest_sent_) return;
  const bool newest = packet.sequence > newest_skip_;
  if (newest) {
    skipped_.advance(newest_skip_, packet.sequence);
    skipped_pictures_.advance(newest_skip_, packet.sequence);
    newest_skip_ = packet.sequence;
  } else if (newest_skip_ - packet.sequence >= kSkipWindow || skipped_.test(packet.sequence)) {
    return;
  }
  skipped_.set(packet.sequence);
  --sequence_offset_;
  if (!newest || what != Skipped::picture || packet.payload.picture_id_bits == 0) return;
  if (in_skipped_picture_ && packet.payload.picture_id == newest_skipped_picture_) return;
  skipped_pictures_.set(packet.sequence);
  newest_skipped_picture_ = packet.payload.picture_id;
  in_skipped_picture_ = true;
  --picture_id_offset_;
}

}  // namespace bridgehall::media

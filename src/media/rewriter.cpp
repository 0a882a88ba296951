#include "media/rewriter.h"

#include <algorithm>

namespace bridgehall::media {

void Rewriter::begin_epoch(const StoredPacket& first) {
  started_ = true;
  epoch_ = first.epoch;
  epoch_first_ = first.sequence;
  sequence_offset_ = next_sequence_ - first.sequence;

  std::uint32_t timestamp = newest_timestamp_;
  std::uint16_t picture_id = first.payload.picture_id;
  std::uint8_t tl0 = first.payload.tl0_picture_index;
  if (any_sent_) {
    const auto elapsed = std::clamp<Duration>(first.arrived_at - newest_arrived_at_, 10ms, 1h);
    timestamp += static_cast<std::uint32_t>(elapsed.count() / 1000 * clock_rate_ / 1'000'000);
    picture_id = static_cast<std::uint16_t>(newest_picture_id_ + 1);
    tl0 = static_cast<std::uint8_t>(newest_tl0_ + 1);
  }
  timestamp_offset_ = timestamp - first.timestamp;
  picture_id_offset_ = static_cast<std::uint16_t>(picture_id - first.payload.picture_id);
  tl0_offset_ = static_cast<std::uint8_t>(tl0 - first.payload.tl0_picture_index);
}

void Rewriter::sent(const StoredPacket& packet, const RewrittenNumbers& numbers) {
  if (numbers.sequence < next_sequence_) return;  // a late one
  next_sequence_ = numbers.sequence + 1;
  newest_timestamp_ = numbers.timestamp;
  newest_arrived_at_ = packet.arrived_at;
  any_sent_ = true;
  if (packet.payload_size == 0) return;  // padding alone has no picture
  newest_picture_id_ = numbers.picture_id;
  newest_tl0_ = numbers.tl0_picture_index;
}

}  // namespace bridgehall::media

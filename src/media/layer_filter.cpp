#include "media/layer_filter.h"

#include <algorithm>

namespace bridgehall::media {
namespace {

using wire::FrameFacts;
using wire::Indication;
using wire::Layers;

// The way from `wanted` to `held`, the most wanted first.
template <class Accept>
bool first_of(std::uint8_t wanted, std::uint8_t held, Accept&& accept) {
  for (int value = wanted, step = wanted < held ? 1 : -1;; value += step) {
    if (accept(static_cast<std::uint8_t>(value))) return true;
    if (value == held) return false;
  }
}

}  // namespace

LayerFilter::Decision LayerFilter::decide(const StoredPacket& packet) {
  const auto& frame = packet.frame;
  if (packet.sequence > newest_) {
    if (now() != target_ && frame.frame_start) consider_change(packet);
    newest_ = packet.sequence;
    newest_timestamp_ = packet.timestamp;
  }
  const auto* const selection = in_force(packet.sequence);
  if (selection == nullptr) return {Verdict::skip_layer};
  const auto indication = frame.indication(selection->layers);
  if (indication == Indication::not_present)
    return {frame.temporal_layer > selection->layers.temporal ? Verdict::skip_picture : Verdict::skip_layer};
  if (selection->skip_discardable && indication == Indication::discardable &&
      frame.top_spatial_layer(selection->layers) == 0)
    return {Verdict::skip_picture};
  const bool marker = marker_of(packet);
  note_forwarded(packet, marker);
  return {Verdict::forward, marker};
}

// The unit ends with the highest spatial layer that goes, or with the sender's own mark.
bool LayerFilter::marker_of(const StoredPacket& packet) const {
  const auto* const selection = in_force(packet.sequence);
  if (packet.marker || selection == nullptr) return packet.marker;
  const auto layers = selection->layers;
  return layers.spatial != wire::kAllLayers.spatial && packet.frame.frame_end &&
         packet.frame.spatial_layer == packet.frame.top_spatial_layer(layers);
}

void LayerFilter::begin_epoch(const StoredPacket& first) {
  started_ = true;
  any_ended_ = false;
  newest_ = first.sequence;
  newest_timestamp_ = first.timestamp;
  changes_.fill({first.sequence, target_});
  forwarded_ = 0;
}

void LayerFilter::change(const Selection& to, std::int64_t at) {
  std::shift_right(changes_.begin(), changes_.end(), 1);
  changes_[0] = {at, to};
}

void LayerFilter::consider_change(const StoredPacket& packet) {
  const auto& frame = packet.frame;
  Selection to = now();
  if (frame.keyframe) {
    to = target_;
  } else {
    if (starts_unit(packet)) go_down(frame, to);
    if (decodable(frame)) {
      const auto from = to.layers;
      first_of(target_.layers.spatial, from.spatial, [&](std::uint8_t spatial) {
        return first_of(target_.layers.temporal, from.temporal, [&](std::uint8_t temporal) {
          const bool can = can_switch(packet, {spatial, temporal});
          if (can) to.layers = {spatial, temporal};
          return can;
        });
      });
    }
  }
  if (to != now()) change(to, packet.sequence);
}

// What needs no switch point: fewer layers where they are a part of more, names for the same layers, and discardables.
void LayerFilter::go_down(const FrameFacts& frame, Selection& to) const {
  const auto wanted = target_.layers;
  if (frame.top_spatial_layer(to.layers) == frame.top_spatial_layer(wanted))
    to.layers.spatial = wanted.spatial;
  else if (frame.spatially_nested)
    to.layers.spatial = std::min(to.layers.spatial, wanted.spatial);
  if (frame.temporally_nested) to.layers.temporal = std::min(to.layers.temporal, wanted.temporal);
  to.skip_discardable = target_.skip_discardable;
}

bool LayerFilter::can_switch(const StoredPacket& packet, Layers to) const {
  const auto& frame = packet.frame;
  const auto held = current();
  if (frame.indication(to) != Indication::switch_point) return false;
  if (starts_unit(packet)) return frame.references_known || to.spatial <= held.spatial;
  // Inside a unit only upwards: nothing may be missing of what went before, and nothing may follow its marker bit.
  if (to.spatial < held.spatial || to.temporal < held.temporal || frame.temporal_layer > held.temporal) return false;
  if (to.spatial == held.spatial) return true;
  return frame.references_known && !(any_ended_ && ended_timestamp_ == packet.timestamp);
}

// Whether this receiver can decode the frame as things stand.
bool LayerFilter::decodable(const FrameFacts& frame) const {
  if (!frame.references_known)
    return frame.indication(current()) != Indication::not_present ||
           (frame.refers_to_base_only && frame.temporal_layer == current().temporal + 1);
  if (frame.references == 0 && !frame.refers_further) return true;
  const int ahead = static_cast<std::int16_t>(static_cast<std::uint16_t>(frame.frame_number - newest_frame_));
  if (frame.refers_further || ahead < 1 || ahead > 32) return false;
  // Bit i of `references` is the frame i + 1 - ahead before the newest that was forwarded.
  const std::uint64_t references = frame.references;
  const std::uint64_t known = references >> (ahead - 1);
  return known << (ahead - 1) == references && (known & ~forwarded_) == 0;
}

void LayerFilter::note_forwarded(const StoredPacket& packet, bool marker) {
  if (marker && packet.sequence == newest_) {
    ended_timestamp_ = packet.timestamp;
    any_ended_ = true;
  }
  if (!packet.frame.references_known) return;
  const auto number = packet.frame.frame_number;
  const int ahead = static_cast<std::int16_t>(static_cast<std::uint16_t>(number - newest_frame_));
  if (forwarded_ == 0 || ahead >= 64) {
    newest_frame_ = number;
    forwarded_ = 1;
  } else if (ahead > 0) {
    newest_frame_ = number;
    forwarded_ = forwarded_ << ahead | 1;
  } else if (ahead > -64) {
    forwarded_ |= std::uint64_t{1} << -ahead;
  }
}

}  // namespace bridgehall::media

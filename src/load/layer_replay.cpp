#include "load/layer_replay.h"

namespace bridgehall::load {

LayerReplay::LayerReplay(const RecordedTrack& track, std::size_t start, std::uint16_t first_picture_id)
    : track_(&track) {
  for (std::size_t i = 0; i < start % track.frames.size(); ++i) place_ = keyframe_from(place_ + 1);
  descriptor_.picture_id = static_cast<std::uint16_t>(first_picture_id - 1) & 0x7fff;
}

// Ends: the first frame is a keyframe.
std::size_t LayerReplay::keyframe_from(std::size_t place) const {
  const auto& frames = track_->frames;
  for (place %= frames.size(); !frames[place].keyframe; place = (place + 1) % frames.size()) {
  }
  return place;
}

LayerReplay::Frame LayerReplay::next(bool keyframe_wanted) {
  if (keyframe_wanted) place_ = keyframe_from(place_);
  const auto& recorded = track_->frames[place_];
  place_ = (place_ + 1) % track_->frames.size();

  descriptor_.picture_id = (descriptor_.picture_id + 1) & 0x7fff;
  if (recorded.temporal_layer == 0) ++descriptor_.tl0_picture_index;
  if (recorded.keyframe) descriptor_.key_index = (descriptor_.key_index + 1) & 0x1f;
  descriptor_.temporal_layer = recorded.temporal_layer;
  descriptor_.layer_sync = recorded.layer_sync;
  descriptor_.discardable = recorded.discardable;
  return {&recorded, descriptor_};
}

}  // namespace bridgehall::load

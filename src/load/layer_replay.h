// One layer of a recorded picture, played in a loop without end. Asked for a keyframe it goes on with the next one of
// the recording: a recording cannot encode, but it can skip, so the answer comes as soon as an encoder's would.
// Pure; belongs to its sender.
#pragma once

#include <cstdint>

#include "load/recording.h"
#include "load/vp8_packets.h"

namespace bridgehall::load {

class LayerReplay {
 public:
  // Begins with the `start`-th keyframe of the recording, counted in a circle. `track` outlives this.
  LayerReplay(const RecordedTrack& track, std::size_t start, std::uint16_t first_picture_id);

  struct Frame {
    const RecordedFrame* recorded = nullptr;
    Vp8Descriptor descriptor;
  };
  Frame next(bool keyframe_wanted);

 private:
  std::size_t keyframe_from(std::size_t place) const;

  const RecordedTrack* track_;
  std::size_t place_ = 0;
  Vp8Descriptor descriptor_;
};

}  // namespace bridgehall::load

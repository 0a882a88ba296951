// Frames that look like VP8 to anyone who does not decode them: sizes of a real encoder at a steady rate, payload
// descriptors (RFC 7741) with 15-bit picture id and TL0PICIDX, packets of nearly equal size as libwebrtc cuts them.
// Each packet ends in a send time.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"

namespace bridgehall::load {

class SyntheticVp8 {
 public:
  static constexpr int kFramesPerSecond = 30;
  static constexpr std::size_t kMaxPayload = 1180;
  static constexpr std::size_t kDescriptorSize = 6;  // X, I, picture id (2), TL0PICIDX, TID and key index

  struct Frame {
    bool keyframe = false;
    std::size_t packets = 0;
    std::size_t bytes = 0;  // descriptors included
    std::uint16_t picture_id = 0;
    std::uint8_t tl0_picture_index = 0;
  };

  SyntheticVp8(int kbps, std::uint64_t seed);

  // A keyframe is six times the mean; the frames after it are smaller until the rate is kept again.
  Frame next_frame(bool keyframe);
  // Writes payload `index` of the frame into `out` (kMaxPayload bytes at least), returns its size.
  static std::size_t write_payload(const Frame& frame, std::size_t index, MutableBytes out);

 private:
  SeededRandom random_;
  double mean_bytes_;
  double debt_bytes_ = 0;  // sent beyond the rate so far
  std::uint16_t picture_id_;
  std::uint8_t tl0_picture_index_;
};

// The send time lies in the last 8 bytes of every payload, video or audio: padding behind it is taken off before.
inline constexpr std::size_t kStampSize = 8;
void write_stamp(MutableBytes payload, TimePoint sent);
TimePoint read_stamp(BytesView payload);

}  // namespace bridgehall::load

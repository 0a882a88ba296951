// Media that was recorded once to be sent again: a browser's VP8 simulcast and spoken Opus, frame by frame, each with
// what its packets have to say of it. The file is made by e2e/record_media.mjs; a Recording owns its bytes, frames are
// views into them. Immutable once read; any thread. Bounds: the constants below; whatever does not fit is refused.
//
// The file, in network order:
//   "BHRECORD", version (1 byte: 1), number of tracks (1)
//   each track: codec (1: 0 Opus, 1 VP8), use (1: Opus: 0 speech, 1 a quiet room; VP8: 0 is the lowest layer),
//     width (2), height (2), number of frames (2), clock rate (4), length of a frame in its units (4), bytes of the
//     frames (4), then each frame: marks (1), bytes (4), the frame as the encoder gave it
//   marks of VP8: keyframe (0x80), refers to the base layer only (0x40), nobody refers to it (0x20), temporal layer
//     (0x03); of Opus: voice (0x80) and level in -dBov (0x7f), as RFC 6464 has them
// The first frame of a VP8 track is a keyframe of the base layer, so that the recording can be played in a loop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace bridgehall::load {

struct RecordedFrame {
  BytesView bytes;
  bool keyframe = false;     // VP8 only, as the next three
  bool layer_sync = false;   // refers to the base layer only
  bool discardable = false;  // no other frame refers to it
  std::uint8_t temporal_layer = 0;
  std::uint8_t audio_level = 0;  // the value of RFC 6464's extension: V and -dBov
};

struct RecordedTrack {
  std::uint16_t width = 0;
  std::uint16_t height = 0;
  std::uint32_t clock_rate = 0;
  std::uint32_t frame_units = 0;  // of the clock, from a frame to the next
  std::vector<RecordedFrame> frames;

  Duration frame_duration() const { return Duration{std::int64_t{frame_units} * 1'000'000'000 / clock_rate}; }
  int kbps() const;
};

class Recording {
 public:
  static constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kMaxLayers = 3;
  static constexpr std::size_t kMaxFrames = 10'000;          // of a track: five minutes of video
  static constexpr std::size_t kMaxFrameBytes = 256 * 1024;  // at most 230 packets, fewer than a history keeps

  static Result<Recording> parse(std::vector<std::uint8_t> bytes);
  static Result<Recording> load(const std::string& path);

  // Lowest first, one to three, all with the same clock and length.
  const std::vector<RecordedTrack>& layers() const { return layers_; }
  const RecordedTrack& speech() const { return speech_; }
  const RecordedTrack& quiet_room() const { return quiet_room_; }

 private:
  Recording() = default;

  std::vector<std::uint8_t> bytes_;
  std::vector<RecordedTrack> layers_;
  RecordedTrack speech_;
  RecordedTrack quiet_room_;
};

}  // namespace bridgehall::load

// Whatever is read as a recording can be played: every frame lies inside the file and pictures begin with a keyframe.
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "load/recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bridgehall;
  const auto recording = load::Recording::parse({data, data + size});
  if (!recording) return 0;
  std::size_t bytes = 0;
  const auto check = [&](const load::RecordedTrack& track) {
    BRIDGEHALL_CHECK(!track.frames.empty() && track.frames.size() <= load::Recording::kMaxFrames);
    BRIDGEHALL_CHECK(track.frame_duration() >= 1ms && track.frame_duration() <= 1s && track.kbps() >= 0);
    for (const auto& frame : track.frames) {
      BRIDGEHALL_CHECK(!frame.bytes.empty() && frame.bytes.size() <= load::Recording::kMaxFrameBytes);
      unsigned sum = 0;
      for (const auto byte : frame.bytes) sum += byte;
      BRIDGEHALL_CHECK(sum <= frame.bytes.size() * 255u);
      bytes += frame.bytes.size();
    }
  };
  for (const auto& layer : recording->layers()) {
    check(layer);
    BRIDGEHALL_CHECK(layer.frames.front().keyframe);
  }
  check(recording->speech());
  check(recording->quiet_room());
  BRIDGEHALL_CHECK(bytes < size);
  return 0;
}

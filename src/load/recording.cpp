#include "load/recording.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace bridgehall::load {
namespace {

constexpr std::string_view kMagic = "BHRECORD";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kOpus = 0, kVp8 = 1;
constexpr std::uint8_t kSpeech = 0, kQuietRoom = 1;
constexpr std::uint32_t kOpusClock = 48'000, kVp8Clock = 90'000;
constexpr std::uint8_t kMaxTracks = 8;

struct ReadTrack {
  std::uint8_t codec = 0;
  std::uint8_t use = 0;
  RecordedTrack track;
};

RecordedFrame read_marks(std::uint8_t codec, std::uint8_t marks) {
  if (codec == kOpus) return {.bytes = {}, .audio_level = marks};
  return {.bytes = {},
          .keyframe = (marks & 0x80) != 0,
          .layer_sync = (marks & 0x40) != 0,
          .discardable = (marks & 0x20) != 0,
          .temporal_layer = static_cast<std::uint8_t>(marks & 0x03)};
}

Result<ReadTrack> read_track(ByteReader& in) {
  ReadTrack read{.codec = in.u8(), .use = in.u8(), .track = {}};
  auto& track = read.track;
  track.width = in.u16();
  track.height = in.u16();
  const std::size_t count = in.u16();
  track.clock_rate = in.u32();
  track.frame_units = in.u32();
  ByteReader body(in.bytes(in.u32()));
  if (!in.ok()) return fail("The recording ends within a track.");
  if (read.codec != kOpus && read.codec != kVp8) return fail("The recording has a track of an unknown codec.");
  if (track.clock_rate != (read.codec == kOpus ? kOpusClock : kVp8Clock))
    return fail("A track of the recording has not its codec's clock.");
  // Between 1 and 1,000 frames a second.
  if (track.frame_units < track.clock_rate / 1000 || track.frame_units > track.clock_rate)
    return fail("A track of the recording has frames of no usable length.");
  if (count == 0 || count > Recording::kMaxFrames) return fail("A track of the recording has no frames, or too many.");
  for (std::size_t i = 0; i < count; ++i) {
    auto frame = read_marks(read.codec, body.u8());
    const std::size_t size = body.u32();
    if (size > Recording::kMaxFrameBytes) return fail("The recording has a frame that is too long.");
    frame.bytes = body.bytes(size);
    if (!body.ok()) return fail("The recording ends within a frame.");
    if (size == 0) return fail("The recording has an empty frame.");
    track.frames.push_back(frame);
  }
  if (!body.at_end()) return fail("A track of the recording is longer than its frames.");
  if (read.codec == kVp8 && !(track.frames.front().keyframe && track.frames.front().temporal_layer == 0))
    return fail("A picture of the recording does not begin with a keyframe.");
  return read;
}

}  // namespace

int RecordedTrack::kbps() const {
  std::size_t bytes = 0;
  for (const auto& frame : frames) bytes += frame.bytes.size();
  const auto seconds = static_cast<double>(frames.size()) * frame_units / clock_rate;
  return static_cast<int>(static_cast<double>(bytes) * 8e-3 / seconds);
}

Result<Recording> Recording::parse(std::vector<std::uint8_t> bytes) {
  if (bytes.size() > kMaxBytes) return fail("The recording is too long.");
  Recording recording;
  recording.bytes_ = std::move(bytes);
  ByteReader in(recording.bytes_);
  if (as_text(in.bytes(kMagic.size())) != kMagic || in.u8() != kVersion)
    return fail("This is no recording that bridgehall load can play.");
  const auto tracks = in.u8();
  if (tracks > kMaxTracks) return fail("The recording has too many tracks.");
  bool has_speech = false, has_room = false;
  for (std::uint8_t i = 0; i < tracks; ++i) {
    auto read = read_track(in);
    if (!read) return std::unexpected(read.error());
    auto& [codec, use, track] = *read;
    if (codec == kVp8 && use == recording.layers_.size() && use < kMaxLayers) {
      recording.layers_.push_back(std::move(track));
    } else if (codec == kOpus && use == kSpeech && !std::exchange(has_speech, true)) {
      recording.speech_ = std::move(track);
    } else if (codec == kOpus && use == kQuietRoom && !std::exchange(has_room, true)) {
      recording.quiet_room_ = std::move(track);
    } else {
      return fail("The recording has a track that it should not have.");
    }
  }
  if (!in.ok() || !in.at_end()) return fail("The recording is shorter or longer than it says.");
  if (recording.layers_.empty() || !has_speech || !has_room)
    return fail("The recording lacks a picture, speech or the sound of a quiet room.");
  const auto& first = recording.layers_.front();
  for (const auto& layer : recording.layers_)
    if (layer.frame_units != first.frame_units || layer.frames.size() != first.frames.size())
      return fail("The layers of the recording's picture are not equally long.");
  if (recording.speech_.frame_units != recording.quiet_room_.frame_units)
    return fail("The sounds of the recording have frames of different lengths.");
  return recording;
}

Result<Recording> Recording::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamoff>(file.tellg());
  if (!file || size < 0) return fail(fmt::format("The recording {} cannot be read.", path));
  if (static_cast<std::size_t>(size) > kMaxBytes) return fail(fmt::format("{} is too long for a recording.", path));
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), size))
    return fail(fmt::format("The recording {} cannot be read.", path));
  return parse(std::move(bytes));
}

}  // namespace bridgehall::load

// Small recordings for tests; not for the program.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "load/recording.h"

namespace bridgehall::load::testing {

class RecordingWriter {
 public:
  void add(std::uint8_t codec, std::uint8_t use, const std::vector<std::pair<std::uint8_t, std::size_t>>& frames) {
    std::vector<std::uint8_t> body;
    for (const auto& [marks, size] : frames) {
      body.push_back(marks);
      number(body, size, 4);
      for (std::size_t i = 0; i < size; ++i) body.push_back(i == 0 && codec == 0 ? 0x78 : static_cast<std::uint8_t>(i));
    }
    bytes_.push_back(codec);
    bytes_.push_back(use);
    number(bytes_, 320, 2);
    number(bytes_, 180, 2);
    number(bytes_, frames.size(), 2);
    number(bytes_, codec == 0 ? 48'000 : 90'000, 4);
    number(bytes_, codec == 0 ? 960 : 3000, 4);
    number(bytes_, body.size(), 4);
    bytes_.insert(bytes_.end(), body.begin(), body.end());
    ++bytes_[9];
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  static void number(std::vector<std::uint8_t>& out, std::size_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  std::vector<std::uint8_t> bytes_{'B', 'H', 'R', 'E', 'C', 'O', 'R', 'D', 1, 0};
};

inline constexpr std::uint8_t kKey = 0x80, kSync = 0x40, kNoReference = 0x20;

// Three layers of 60 frames in L1T3 with a keyframe at 0 and at 30; speech and a quiet room.
inline std::vector<std::uint8_t> small_recording_bytes() {
  RecordingWriter writer;
  for (std::uint8_t layer = 0; layer < 3; ++layer) {
    std::vector<std::pair<std::uint8_t, std::size_t>> frames;
    for (int i = 0; i < 60; ++i) {
      constexpr std::uint8_t kPattern[] = {0, kSync | kNoReference | 2, kSync | 1, kNoReference | 2};
      const bool key = i % 30 == 0;
      const auto marks = key ? kKey : kPattern[i % 30 % 4];
      frames.emplace_back(marks, (key ? 1500u : 300u) * (layer + 1u));
    }
    writer.add(1, layer, frames);
  }
  writer.add(0, 0, std::vector<std::pair<std::uint8_t, std::size_t>>(50, {0x80 | 25, 80}));
  writer.add(0, 1, std::vector<std::pair<std::uint8_t, std::size_t>>(10, {65, 30}));
  return writer.bytes();
}

inline Recording small_recording() {
  auto recording = Recording::parse(small_recording_bytes());
  BRIDGEHALL_CHECK(recording.has_value());
  return std::move(*recording);
}

}  // namespace bridgehall::load::testing

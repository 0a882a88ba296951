// What is heard: loudness of every tenth of a second and, where there is sound, its strongest frequency in steps of
// 10 Hz. Samples are mono at kSampleRate, from -1 to 1. Used by one streaming thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace bridgehall::gstreamer_client {

struct SoundReading {
  std::uint64_t number = 0;  // from 1
  double rms = 0;            // a full-scale sine has 0.707
  int frequency = 0;         // Hz; 0 in silence
};

class ToneMeter {
 public:
  static constexpr int kSampleRate = 16'000;
  static constexpr int kWindow = kSampleRate / 10;

  ToneMeter() { samples_.reserve(kWindow); }

  std::optional<SoundReading> take(float sample);

 private:
  int strongest_frequency() const;

  std::uint64_t windows_ = 0;
  std::vector<float> samples_;
};

}  // namespace bridgehall::gstreamer_client

#include "tone_meter.h"

#include <cmath>
#include <numbers>

namespace bridgehall::gstreamer_client {
namespace {

constexpr double kSilence = 0.001;  // -60 dB: less than any tone that a test plays, more than an encoder's noise
constexpr int kStep = 10, kLowest = 50, kHighest = 4000;

// Goertzel: the power of one frequency.
double power_at(int frequency, const std::vector<float>& samples) {
  const double factor = 2 * std::cos(2 * std::numbers::pi * frequency / ToneMeter::kSampleRate);
  double last = 0, before = 0;
  for (const float sample : samples) {
    const double next = sample + factor * last - before;
    before = last;
    last = next;
  }
  return last * last + before * before - factor * last * before;
}

}  // namespace

int ToneMeter::strongest_frequency() const {
  int strongest = 0;
  double most = 0;
  for (int frequency = kLowest; frequency <= kHighest; frequency += kStep)
    if (const double power = power_at(frequency, samples_); power > most) {
      most = power;
      strongest = frequency;
    }
  return strongest;
}

std::optional<SoundReading> ToneMeter::take(float sample) {
  samples_.push_back(sample);
  if (samples_.size() < kWindow) return std::nullopt;
  double sum = 0;
  for (const double value : samples_) sum += value * value;
  SoundReading reading{.number = ++windows_, .rms = std::sqrt(sum / kWindow)};
  if (reading.rms > kSilence) reading.frequency = strongest_frequency();
  samples_.clear();
  return reading;
}

}  // namespace bridgehall::gstreamer_client

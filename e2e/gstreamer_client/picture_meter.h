// Whether pictures move: each becomes a grid of mean brightness, which is compared with the one before. Noise of the
// encoder hardly changes a cell; a ball that moves does. Used by one streaming thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bridgehall::gstreamer_client {

struct LumaPlane {
  const std::uint8_t* data = nullptr;
  int width = 0, height = 0, stride = 0;
};

struct PictureReading {
  std::uint64_t number = 0;  // from 1
  int width = 0, height = 0;
  double mean = 0;    // 0 to 255
  double change = 0;  // the most that a cell's mean differs from the picture before; 0 for the first
};

class PictureMeter {
 public:
  static constexpr int kColumns = 32, kRows = 18;

  PictureReading read(const LumaPlane& luma);

 private:
  using Grid = std::array<double, kColumns * kRows>;
  static Grid measure(const LumaPlane& luma);

  std::uint64_t seen_ = 0;
  Grid previous_{};
};

}  // namespace bridgehall::gstreamer_client

#include "picture_meter.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bridgehall::gstreamer_client {

PictureMeter::Grid PictureMeter::measure(const LumaPlane& luma) {
  Grid grid{};
  for (int row = 0; row < kRows; ++row)
    for (int column = 0; column < kColumns; ++column) {
      const int left = luma.width * column / kColumns, right = luma.width * (column + 1) / kColumns;
      const int top = luma.height * row / kRows, bottom = luma.height * (row + 1) / kRows;
      std::uint64_t sum = 0;
      for (int y = top; y < bottom; ++y)
        sum = std::accumulate(luma.data + y * luma.stride + left, luma.data + y * luma.stride + right, sum);
      grid[row * kColumns + column] =
          static_cast<double>(sum) / std::max(1, (right - left) * (bottom - top));  // tiny pictures leave cells empty
    }
  return grid;
}

PictureReading PictureMeter::read(const LumaPlane& luma) {
  const Grid grid = measure(luma);
  PictureReading reading{.number = ++seen_, .width = luma.width, .height = luma.height};
  reading.mean = std::accumulate(grid.begin(), grid.end(), 0.0) / grid.size();
  if (seen_ > 1)
    for (std::size_t i = 0; i < grid.size(); ++i)
      reading.change = std::max(reading.change, std::abs(grid[i] - previous_[i]));
  previous_ = grid;
  return reading;
}

}  // namespace bridgehall::gstreamer_client

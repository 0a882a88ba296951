#include "base/random_text.h"

#include <vector>

#include <fmt/format.h>

namespace bridgehall {

std::string random_hex(RandomSource& random, std::size_t bytes) {
  std::vector<std::uint8_t> drawn(bytes);
  random.fill(drawn);
  return fmt::format("{:02x}", fmt::join(drawn, ""));
}

}  // namespace bridgehall

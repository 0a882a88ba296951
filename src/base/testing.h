// Helpers for tests of codecs; not for the program.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace bridgehall::testing {

// "80 e0 1234": hexadecimal digits, spaces between bytes as one likes.
inline std::vector<std::uint8_t> from_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int digits = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    BRIDGEHALL_CHECK(digit >= 0);
    if (digits++ % 2 == 0)
      bytes.push_back(static_cast<std::uint8_t>(digit << 4));
    else
      bytes.back() = static_cast<std::uint8_t>(bytes.back() | digit);
  }
  BRIDGEHALL_CHECK(digits % 2 == 0);
  return bytes;
}

inline std::vector<std::uint8_t> to_vector(BytesView bytes) { return {bytes.begin(), bytes.end()}; }

// Whether `part` lies inside `whole` (an empty one lies anywhere).
inline bool lies_inside(BytesView part, BytesView whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Calls visit(BytesView) with every truncation of `valid` and with every byte of it replaced by: each single bit
// flipped, 0, 0xff, one more, one less. Each in memory of exactly its size, so that the address sanitizer sees a read
// beyond it.
template <class Visit>
void for_each_damage(const std::vector<std::uint8_t>& valid, Visit&& visit) {
  for (std::size_t size = 0; size <= valid.size(); ++size) {
    const std::vector<std::uint8_t> shorter(valid.begin(), valid.begin() + static_cast<std::ptrdiff_t>(size));
    visit(BytesView{shorter});
  }
  auto damaged = valid;
  for (auto& byte : damaged) {
    const auto before = byte;
    const auto with = [&](int value) {
      byte = static_cast<std::uint8_t>(value);
      visit(BytesView{damaged});
    };
    for (int bit = 0; bit < 8; ++bit) with(before ^ 1 << bit);
    with(0);
    with(0xff);
    with(before + 1);
    with(before - 1);
    byte = before;
  }
}

}  // namespace bridgehall::testing

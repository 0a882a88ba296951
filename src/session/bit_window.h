// One bit per extended sequence number over the newest N of them, kept as a ring: bit `sequence mod N`. The owner knows
// the newest number and clears what it passes. N is a power of two of at least 64; no allocation, no division.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bridgehall::session {

template <std::size_t N>
class BitWindow {
  static_assert(std::has_single_bit(N) && N >= 64);

 public:
  bool test(std::int64_t sequence) const { return (word(sequence) >> (sequence & 63)) & 1; }
  void set(std::int64_t sequence) { words_[index(sequence)] |= std::uint64_t{1} << (sequence & 63); }

  // The newest number moves from `from` to `to` > `from`: the bits of (from, to] become clear.
  void advance(std::int64_t from, std::int64_t to) {
    if (to - from >= static_cast<std::int64_t>(N)) {
      words_.fill(0);
      return;
    }
    for (std::int64_t first = from + 1; first <= to;) {
      const std::int64_t last = std::min(to, first | 63);
      const std::uint64_t ones = ~std::uint64_t{0} >> (63 - (last - first));
      words_[index(first)] &= ~(ones << (first & 63));
      first = last + 1;
    }
  }

  // How many bits of (after, newest] are set; newest - after <= N.
  int count(std::int64_t after, std::int64_t newest) const {
    int count = 0;
    for (std::int64_t first = after + 1; first <= newest;) {
      const std::int64_t last = std::min(newest, first | 63);
      const std::uint64_t ones = ~std::uint64_t{0} >> (63 - (last - first));
      count += std::popcount(word(first) & ones << (first & 63));
      first = last + 1;
    }
    return count;
  }

 private:
  static std::size_t index(std::int64_t sequence) { return (static_cast<std::uint64_t>(sequence) & (N - 1)) / 64; }
  std::uint64_t word(std::int64_t sequence) const { return words_[index(sequence)]; }

  std::array<std::uint64_t, N / 64> words_{};
};

}  // namespace bridgehall::session

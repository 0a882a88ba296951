// Randomness is handed in. The program gives SystemRandom (crypto layer, from OpenSSL); tests and the simulator give
// SeededRandom, so that the same seed makes the same run.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace bridgehall {

// Not for the packet path. Implementations say whether they may be used for secrets.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(MutableBytes out) = 0;

  std::uint64_t u64() {
    std::array<std::uint8_t, 8> bytes;
    fill(bytes);
    return std::uint64_t{load_u32(bytes.data())} << 32 | load_u32(bytes.data() + 4);
  }
  std::uint32_t u32() { return static_cast<std::uint32_t>(u64()); }
  // Uniform in [0, bound), bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<__uint128_t>(u64()) * bound) >> 64);
  }
  // True with probability p.
  bool chance(double p) { return static_cast<double>(u64() >> 11) * 0x1p-53 < p; }
};

// xoshiro256++ (Blackman, Vigna). Never for secrets outside tests.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) {
    for (auto& word : state_) {  // splitmix64 spreads the seed
      seed += 0x9e3779b97f4a7c15u;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      word = z ^ (z >> 31);
    }
  }

  void fill(MutableBytes out) override {
    std::size_t i = 0;
    while (i < out.size()) {
      std::uint64_t word = next();
      for (int k = 0; k < 8 && i < out.size(); ++k, word >>= 8) out[i++] = static_cast<std::uint8_t>(word);
    }
  }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace bridgehall

// 16-bit sequence numbers on an unbounded line (RFC 3550 appendix A.1).
#pragma once

#include <cstdint>

namespace bridgehall {

// True when a comes after b, modulo 2^16.
constexpr bool sequence_newer(std::uint16_t a, std::uint16_t b) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(a - b)) > 0;
}

// The extended number nearest to `reference` whose low 16 bits are `sequence`.
constexpr std::int64_t extend_sequence(std::int64_t reference, std::uint16_t sequence) {
  return reference +
         static_cast<std::int16_t>(static_cast<std::uint16_t>(sequence - static_cast<std::uint16_t>(reference)));
}

}  // namespace bridgehall

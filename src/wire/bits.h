// Reading and writing of bit fields, most significant bit first. Sticky failure as in base/bytes.h: past the end a read
// gives zero, a write does nothing, and ok() is false from then on.
#pragma once

#include <bit>
#include <cstdint>

#include "base/bytes.h"

namespace bridgehall::wire {

class BitReader {
 public:
  explicit BitReader(BytesView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }

  // f(n), at most 32 bits.
  std::uint32_t bits(unsigned count) {
    if (!ok_ || bytes_.size() * 8 - position_ < count) {
      ok_ = false;
      return 0;
    }
    std::uint64_t value = 0;
    const std::size_t end = position_ + count;
    for (std::size_t i = position_ / 8; i < (end + 7) / 8; ++i) value = value << 8 | bytes_[i];
    position_ = end;
    return static_cast<std::uint32_t>(value >> (7 - (end + 7) % 8) & ((std::uint64_t{1} << count) - 1));
  }
  bool flag() { return bits(1) != 0; }

  // ns(n): a value below `values` in as few bits as can be (AV1 specification section 4.10.7).
  std::uint32_t non_symmetric(std::uint32_t values) {
    const auto width = static_cast<unsigned>(std::bit_width(values));
    const std::uint32_t short_values = (1u << width) - values;
    const std::uint32_t value = bits(width - 1);
    return value < short_values ? value : (value << 1) - short_values + bits(1);
  }

 private:
  BytesView bytes_;
  std::size_t position_ = 0;  // in bits
  bool ok_ = true;
};

class BitWriter {
 public:
  explicit BitWriter(MutableBytes bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t size() const { return (position_ + 7) / 8; }  // in bytes; the last one is filled up with zero bits

  void bits(std::uint32_t value, unsigned count) {
    if (!ok_ || bytes_.size() * 8 - position_ < count) {
      ok_ = false;
      return;
    }
    while (count-- > 0) {
      std::uint8_t& byte = bytes_[position_ / 8];
      if (position_ % 8 == 0) byte = 0;
      byte = static_cast<std::uint8_t>(byte | (value >> count & 1) << (7 - position_ % 8));
      ++position_;
    }
  }
  void flag(bool value) { bits(value, 1); }

  void non_symmetric(std::uint32_t value, std::uint32_t values) {
    const auto width = static_cast<unsigned>(std::bit_width(values));
    const std::uint32_t short_values = (1u << width) - values;
    if (value < short_values)
      bits(value, width - 1);
    else
      bits(value + short_values, width);
  }

 private:
  MutableBytes bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace bridgehall::wire

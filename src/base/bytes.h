// Bounded reading and writing of network-order bytes. Both have a sticky failure: past the end a read gives zero, a
// write does nothing, and ok() is false from then on. So a codec reads all its fields and checks once.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace bridgehall {

using BytesView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline BytesView as_bytes_view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline std::uint16_t load_u16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
inline std::uint32_t load_u32(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}
inline void store_u16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8);
  p[1] = static_cast<std::uint8_t>(v);
}
inline void store_u32(std::uint8_t* p, std::uint32_t v) {
  store_u16(p, static_cast<std::uint16_t>(v >> 16));
  store_u16(p + 2, static_cast<std::uint16_t>(v));
}

class ByteReader {
 public:
  explicit ByteReader(BytesView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return ok_ ? bytes_.size() - position_ : 0; }
  bool at_end() const { return remaining() == 0; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(number(3)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u48() { return number(6); }
  std::uint64_t u64() { return number(8); }

  // The next `size` bytes as a view into the input; empty on failure.
  BytesView bytes(std::size_t size) {
    if (!take(size)) return {};
    return bytes_.subspan(position_ - size, size);
  }
  void skip(std::size_t size) { take(size); }
  BytesView rest() { return bytes(remaining()); }

 private:
  bool take(std::size_t size) {
    if (!ok_ || bytes_.size() - position_ < size) {
      ok_ = false;
      return false;
    }
    position_ += size;
    return true;
  }
  std::uint64_t number(std::size_t size) {
    if (!take(size)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = position_ - size; i < position_; ++i) value = value << 8 | bytes_[i];
    return value;
  }

  BytesView bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

class ByteWriter {
 public:
  explicit ByteWriter(MutableBytes bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t size() const { return position_; }
  std::size_t remaining() const { return ok_ ? bytes_.size() - position_ : 0; }
  BytesView written() const { return bytes_.first(position_); }

  void u8(std::uint8_t v) { number(v, 1); }
  void u16(std::uint16_t v) { number(v, 2); }
  void u24(std::uint32_t v) { number(v, 3); }
  void u32(std::uint32_t v) { number(v, 4); }
  void u48(std::uint64_t v) { number(v, 6); }
  void u64(std::uint64_t v) { number(v, 8); }
  void bytes(BytesView source) {
    if (!take(source.size())) return;
    if (!source.empty()) std::memcpy(bytes_.data() + position_ - source.size(), source.data(), source.size());
  }
  void zeros(std::size_t size) {
    if (take(size)) std::memset(bytes_.data() + position_ - size, 0, size);
  }
  // Overwrites two bytes written before (a length known only afterwards).
  void patch_u16(std::size_t at, std::uint16_t v) {
    if (ok_ && at + 2 <= position_) store_u16(bytes_.data() + at, v);
  }

 private:
  bool take(std::size_t size) {
    if (!ok_ || bytes_.size() - position_ < size) {
      ok_ = false;
      return false;
    }
    position_ += size;
    return true;
  }
  void number(std::uint64_t value, std::size_t size) {
    if (!take(size)) return;
    for (std::size_t i = 0; i < size; ++i) bytes_[position_ - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
  }

  MutableBytes bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace bridgehall

// Cuts a TCP stream into the datagrams framed in it (RFC 4571: a length of two bytes, then so many bytes). Pure; holds
// at most kSize bytes, which is several of the largest packets that media have, so that one read brings many frames.
#pragma once

#include <array>
#include <cstring>
#include <optional>

#include "base/bytes.h"

namespace bridgehall::io {

class FrameBuffer {
 public:
  static constexpr std::size_t kSize = 8 * 1024;
  static constexpr std::size_t kHeader = 2;
  static constexpr std::size_t kMaxFrame = kSize - kHeader;

  // Where the next bytes of the stream go; empty while there are frames to be taken first. committed() says how many
  // came.
  MutableBytes space() {
    if (begin_ > 0) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    return MutableBytes{bytes_}.subspan(end_);
  }
  void commit(std::size_t size) { end_ += size; }

  // The next whole frame, a view until the next space(). Empty frames, which keep a connection open, are passed over.
  std::optional<BytesView> next() {
    while (const auto size = announced()) {
      if (end_ - begin_ < kHeader + *size) return std::nullopt;
      const BytesView frame{bytes_.data() + begin_ + kHeader, *size};
      begin_ += kHeader + *size;
      if (*size > 0) return frame;
    }
    return std::nullopt;
  }
  // A frame is announced that will never fit: the stream makes no sense any more.
  bool overflows() const {
    const auto size = announced();
    return size && *size > kMaxFrame;
  }

 private:
  std::optional<std::size_t> announced() const {
    if (end_ - begin_ < kHeader) return std::nullopt;
    return load_u16(bytes_.data() + begin_);
  }

  std::array<std::uint8_t, kSize> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace bridgehall::io

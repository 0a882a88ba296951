// Frames that a TCP connection could not take yet (RFC 4571), oldest first. A frame of which a part has gone out is
// always kept whole, as the stream would be broken without its rest; others come in only while there is room. Pure.
#pragma once

#include <algorithm>
#include <vector>

#include "base/bytes.h"

namespace bridgehall::io {

class SendQueue {
 public:
  explicit SendQueue(std::size_t limit) : limit_(limit) {}

  bool empty() const { return begin_ == bytes_.size(); }
  std::size_t size() const { return bytes_.size() - begin_; }
  BytesView front(std::size_t most) const {
    const auto all = BytesView{bytes_}.subspan(begin_);
    return all.first(std::min(all.size(), most));
  }

  // The rest of a frame that has begun: header and body as far as they have not gone out.
  void push_rest(BytesView header, BytesView body) {
    bytes_.insert(bytes_.end(), header.begin(), header.end());
    bytes_.insert(bytes_.end(), body.begin(), body.end());
  }
  // False: there is no room for it.
  bool push(BytesView header, BytesView body) {
    if (size() + header.size() + body.size() > limit_) return false;
    push_rest(header, body);
    return true;
  }
  // Bytes that went out. Memory that was filled once is given back when the queue is empty again.
  void pop(std::size_t count) {
    begin_ += count;
    if (empty()) {
      bytes_ = {};
      begin_ = 0;
    } else if (begin_ > bytes_.size() / 2) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
      begin_ = 0;
    }
  }

 private:
  std::size_t limit_;
  std::vector<std::uint8_t> bytes_;
  std::size_t begin_ = 0;
};

}  // namespace bridgehall::io

// Datagrams that are not media (STUN, DTLS, RTCP) on their way out. Bytes lie in one growing buffer that is used again,
// so nothing is allocated once it is warm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/datagram.h"

namespace bridgehall::media {

class Outbox {
 public:
  // Room for a datagram of at most `size` bytes; commit() says how many were used. No other call in between.
  MutableBytes reserve(std::size_t size) {
    bytes_.resize(used_ + size);
    return MutableBytes{bytes_}.subspan(used_, size);
  }
  void commit(const NetworkPath& path, std::size_t size) {
    if (size == 0) return;
    entries_.push_back({path, used_, size});
    used_ += size;
  }
  void push(const NetworkPath& path, BytesView datagram) {
    std::copy(datagram.begin(), datagram.end(), reserve(datagram.size()).begin());
    commit(path, datagram.size());
  }

  bool empty() const { return entries_.empty(); }

  // Views of all datagrams, which are not here any more; valid until the next is put in.
  void take(std::vector<Train>& out) {
    for (const auto& entry : entries_)
      out.push_back({entry.path, BytesView{bytes_}.subspan(entry.offset, entry.size), entry.size});
    entries_.clear();
    used_ = 0;
  }

 private:
  struct Entry {
    NetworkPath path;
    std::size_t offset;
    std::size_t size;
  };
  std::vector<std::uint8_t> bytes_;
  std::size_t used_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace bridgehall::media

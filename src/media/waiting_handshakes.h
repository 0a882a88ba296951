// DTLS datagrams that wait until the shard has time for them. Peers are served in turn, and each may have few in line,
// so whoever sends without end waits for itself only. Owned by the shard. Bounds: kMaxPerPeer, kMax in all (8 MB).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "media/api.h"

namespace bridgehall::media {

class WaitingHandshakes {
 public:
  // A client's longest flight: a certificate chain of its own is one or two datagrams, a hello with a post-quantum key
  // share two. Twice that, for repeats that cross our answer.
  static constexpr std::size_t kMaxPerPeer = 8;
  static constexpr std::size_t kMax = 4096;

  struct Datagram {
    PeerId peer;
    NetworkPath path;
    std::vector<std::uint8_t> bytes;
  };

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // False when the peer, or the line, has as many as it may have: DTLS sends again.
  bool push(PeerId peer, const NetworkPath& path, BytesView bytes) {
    if (size_ == kMax) return false;
    auto& own = by_peer_[peer];
    if (own.size() == kMaxPerPeer) return false;
    if (own.empty()) turns_.push_back(peer);
    own.push_back({peer, path, {bytes.begin(), bytes.end()}});
    ++size_;
    return true;
  }

  // The oldest of the peer whose turn it is, which then stands last.
  std::optional<Datagram> pop() {
    if (turns_.empty()) return std::nullopt;
    const auto peer = turns_.front();
    turns_.pop_front();
    const auto own = by_peer_.find(peer);
    auto datagram = std::move(own->second.front());
    own->second.erase(own->second.begin());
    --size_;
    if (own->second.empty())
      by_peer_.erase(own);
    else
      turns_.push_back(peer);
    return datagram;
  }

 private:
  std::unordered_map<PeerId, std::vector<Datagram>> by_peer_;  // none empty
  std::deque<PeerId> turns_;                                   // each peer of by_peer_ once
  std::size_t size_ = 0;
};

}  // namespace bridgehall::media

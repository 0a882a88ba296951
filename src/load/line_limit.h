// A narrow line in front of a receiver: what comes in waits its turn at a fixed rate, and what would wait too long is
// lost, as in a router at the line's end. Sans-IO. Bound: kLongestWait at the rate, and so many datagrams.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/datagram.h"

namespace bridgehall::load {

class LineLimit {
 public:
  static constexpr Duration kLongestWait = 300ms;
  static constexpr std::size_t kMaxWaiting = 2048;

  explicit LineLimit(int kbps) : bytes_per_second_(kbps * 125.0) {}

  void push(BytesView bytes, const NetworkPath& path, TimePoint now) {
    const auto start = std::max(free_at_, now);
    if (start - now > kLongestWait || waiting_.size() >= kMaxWaiting) {
      ++lost_;
      return;
    }
    const auto seconds = static_cast<double>(bytes.size()) / bytes_per_second_;
    free_at_ = start + Duration{static_cast<std::int64_t>(seconds * 1e9)};
    waiting_.push_back({path, {bytes.begin(), bytes.end()}, free_at_});
  }

  struct Datagram {
    NetworkPath path;
    std::vector<std::uint8_t> bytes;
    TimePoint through{};
  };
  std::optional<Datagram> pop(TimePoint now) {
    if (waiting_.empty() || waiting_.front().through > now) return std::nullopt;
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }
  TimePoint next_deadline() const { return waiting_.empty() ? kNever : waiting_.front().through; }
  std::uint64_t lost() const { return lost_; }

 private:
  double bytes_per_second_;
  TimePoint free_at_{};
  std::deque<Datagram> waiting_;
  std::uint64_t lost_ = 0;
};

}  // namespace bridgehall::load

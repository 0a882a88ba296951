// What a transport and its parts have to say until its owner polls: datagrams, events and counts of drops. Bounded: a
// datagram that finds the queue full is lost like one on the network (STUN and DTLS send again), and STUN that could
// make an event which does not fit is not looked at. An owner that polls once per turn of its loop meets neither.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "session/transport.h"

namespace bridgehall::session {

class TransportOutbox {
 public:
  static constexpr std::size_t kMaxDatagrams = 64;  // the longest DTLS flight has about ten
  static constexpr std::size_t kMaxEvents = 64;
  // One call makes at most kMaxPaths path_forgotten, a path_validated, a path_selected, connected and closed.
  static constexpr std::size_t kMaxEventsPerCall = Transport::kMaxPaths + 4;

  void send(const NetworkPath& path, std::vector<std::uint8_t> bytes) {
    if (datagrams_.size() < kMaxDatagrams) datagrams_.push({path, std::move(bytes)});
  }
  void event(const TransportEvent& event) { events_.push(event); }
  void drop(TransportDrop reason) { count_drops(reason, 1); }
  void count_drops(TransportDrop reason, std::uint32_t number) { drops_[static_cast<std::size_t>(reason)] += number; }

  bool has_room_for_events() const { return events_.size() + 2 * kMaxEventsPerCall <= kMaxEvents; }

  bool pop(OutgoingDatagram& out) { return datagrams_.pop(out); }
  std::optional<TransportEvent> pop_event() {
    TransportEvent event;
    return events_.pop(event) ? std::optional{event} : std::nullopt;
  }
  auto take_drops() { return std::exchange(drops_, {}); }

 private:
  // A vector read from its front: an idle transport keeps no node of a deque.
  template <class T>
  class Queue {
   public:
    std::size_t size() const { return items_.size() - front_; }
    void push(T item) { items_.push_back(std::move(item)); }
    bool pop(T& out) {
      if (size() == 0) return false;
      out = std::move(items_[front_++]);
      if (size() == 0) {
        items_.clear();
        front_ = 0;
      }
      return true;
    }

   private:
    std::vector<T> items_;
    std::size_t front_ = 0;
  };

  Queue<OutgoingDatagram> datagrams_;
  Queue<TransportEvent> events_;
  std::array<std::uint32_t, static_cast<std::size_t>(TransportDrop::count)> drops_{};
};

}  // namespace bridgehall::session

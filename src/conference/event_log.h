// The latest events of one conference, by sequence number. Clients hold a cursor into it and pull, as receivers do with
// media::History: so nobody needs a queue, and a slow one is cut to a fresh snapshot. Control thread.
#pragma once

#include <cstdint>
#include <deque>

#include "conference/event.h"

namespace bridgehall::conference {

class EventLog {
 public:
  // A client that was away for longer than this many events takes a snapshot, which is shorter then.
  static constexpr std::size_t kCapacity = 1024;

  // `before`: the sequence number of the last event that is not in it. `resumable_from`: what clients have of earlier
  // moments is not what led here.
  explicit EventLog(std::uint64_t before = 0, std::uint64_t resumable_from = 0)
      : oldest_(before + 1), resumable_from_(resumable_from) {}

  // The sequence number of the newest event; `before` when there is none yet.
  std::uint64_t newest() const { return oldest_ + events_.size() - 1; }
  // Events after `sequence` are all here still. False also for one that has not happened.
  bool reaches(std::uint64_t sequence) const { return sequence + 1 >= oldest_ && sequence <= newest(); }
  // The same for a client that comes back with what it had, maybe of a server before.
  bool resumes(std::uint64_t sequence) const { return sequence >= resumable_from_ && reaches(sequence); }

  void push(Event event) {
    events_.push_back(std::move(event));
    if (events_.size() <= kCapacity) return;
    events_.pop_front();
    ++oldest_;
  }
  // `sequence` in (oldest, newest].
  const Event& at(std::uint64_t sequence) const { return events_.at(sequence - oldest_); }

 private:
  std::deque<Event> events_;
  std::uint64_t oldest_;  // sequence number of the first in `events_`
  std::uint64_t resumable_from_;
};

}  // namespace bridgehall::conference

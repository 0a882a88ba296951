// Answers that wait until what they acknowledge is on disk. They go out in the order in which they came in. Control
// thread. Bounds: those of its owner: one for each HTTP connection, Pages::kMaxReplies for a page.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "conference/host.h"

namespace bridgehall::web {

template <class Reply>
class RecordedReplies {
 public:
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  void clear() { waiting_.clear(); }

  void await(const conference::Accepted& accepted, Reply reply) { waiting_.push_back({accepted, std::move(reply)}); }
  // Gives each reply that waits for nothing any more to `out`. `recorded`: the latest batch that was committed.
  template <class Out>
  void release(std::uint64_t recorded, Out&& out) {
    while (!waiting_.empty() && waiting_.front().accepted.batch <= recorded) {
      auto reply = std::move(waiting_.front().reply);
      waiting_.pop_front();
      out(std::move(reply));
    }
  }
  // What was not written down: refuse(accepted, reply) makes a refusal of the reply, which waits for nothing but those
  // before it.
  template <class Refuse>
  void refuse_from(std::uint64_t from, Refuse&& refuse) {
    for (auto& [accepted, reply] : waiting_) {
      if (accepted.batch < from) continue;
      refuse(std::as_const(accepted), reply);
      accepted.batch = 0;
    }
  }

 private:
  struct Waiting {
    conference::Accepted accepted;
    Reply reply;
  };
  std::deque<Waiting> waiting_;
};

}  // namespace bridgehall::web

// What tests of the host share: a disk that takes what it is given when the test says so.
#pragma once

#include <optional>

#include "conference/host.h"

namespace bridgehall::conference {

// Everything that is to be written down is on disk, and what follows from that too.
inline void commit_all(Host& host, const Moment& now) {
  while (const auto batch = host.poll_batch()) host.handle_committed(batch->number, now);
}

// As the storage thread's other end is, and slower: batches lie there until they are committed or fail.
class SlowDisk {
 public:
  explicit SlowDisk(Host& host) : host_(host) {}

  // Takes what there is.
  void take() {
    while (auto batch = host_.poll_batch()) waiting_.push_back(std::move(*batch));
  }
  // The oldest that waits. False: nothing does.
  bool commit_one(const Moment& now) {
    take();
    if (waiting_.empty()) return false;
    auto batch = std::move(waiting_.front());
    waiting_.pop_front();
    written_.push_back(batch);
    host_.handle_committed(batch.number, now);
    return true;
  }
  void commit_all(const Moment& now) {
    while (commit_one(now)) continue;
  }
  // The oldest that waits and all behind it. False: nothing does.
  bool fail(const Moment& now, RecordTrouble why = RecordTrouble::disk_full) {
    take();
    if (waiting_.empty()) return false;
    const auto from = waiting_.front().number;
    waiting_.clear();
    host_.handle_commit_failed(from, why, now);
    return true;
  }

  std::size_t waiting() {
    take();
    return waiting_.size();
  }
  // Taken, and neither written nor refused.
  const std::deque<Batch>& taken() const { return waiting_; }
  // All that is on it, in order.
  const std::vector<Batch>& written() const { return written_; }

 private:
  Host& host_;
  std::deque<Batch> waiting_;
  std::vector<Batch> written_;
};

}  // namespace bridgehall::conference

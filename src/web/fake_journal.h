// A journal for tests: batches lie there until the test says what becomes of them.
#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "conference/journal.h"

namespace bridgehall::web {

class FakeJournal final : public conference::Journal {
 public:
  bool write(conference::Batch&& batch) override {
    if (full) return false;
    waiting_.push_back(std::move(batch));
    return true;
  }
  std::optional<conference::JournalResult> poll() override {
    if (results_.empty()) return std::nullopt;
    const auto next = results_.front();
    results_.pop_front();
    return next;
  }

  // The oldest that waits; false: none does. It is told at the next poll.
  bool commit_one() {
    if (waiting_.empty()) return false;
    results_.push_back(conference::BatchesCommitted{waiting_.front().number});
    written_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    return true;
  }
  void commit_all() {
    while (commit_one()) continue;
  }
  bool fail(conference::RecordTrouble why = conference::RecordTrouble::disk_full) {
    if (waiting_.empty()) return false;
    results_.push_back(conference::BatchesFailed{waiting_.front().number, why});
    waiting_.clear();
    return true;
  }

  std::size_t waiting() const { return waiting_.size(); }
  const std::vector<conference::Batch>& written() const { return written_; }

  bool full = false;

 private:
  std::deque<conference::Batch> waiting_;
  std::vector<conference::Batch> written_;
  std::deque<conference::JournalResult> results_;
};

}  // namespace bridgehall::web

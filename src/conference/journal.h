// Whoever keeps what conferences want written down, as the control thread sees it: batches go in, in order, and what
// became of them is polled out, in the same order. The storage thread's control end is one; MemoryJournal keeps nothing
// and is what tests, the simulator and a server without a record have. Control thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/time.h"
#include "conference/record.h"

namespace bridgehall::conference {

// Why nothing can be written down at the moment. disk_full; read_only; failed: anything else.
enum class RecordTrouble : std::uint8_t { disk_full, read_only, failed };

// This batch and all before it that did not fail are on disk.
struct BatchesCommitted {
  std::uint64_t number = 0;
};
// Neither this batch nor any that was written before this was polled is on disk, nor will be.
struct BatchesFailed {
  std::uint64_t from = 0;
  RecordTrouble why{};
};
using JournalResult = std::variant<BatchesCommitted, BatchesFailed>;

// What has become of it so far, for whoever watches the server.
struct JournalCounters {
  // Upper bounds of the buckets; what is above the last is in one more.
  static constexpr std::array<std::uint64_t, 9> kBatches{1, 2, 4, 8, 16, 32, 64, 128, 256};
  static constexpr std::array<Duration, 10> kTimes{500us, 1ms, 2ms, 5ms, 10ms, 20ms, 50ms, 100ms, 500ms, 2s};

  std::array<std::uint64_t, kBatches.size() + 1> commits_by_batches{};
  std::array<std::uint64_t, kTimes.size() + 1> commits_by_time{};
  std::uint64_t commits = 0;
  std::uint64_t batches = 0;  // in those commits
  Duration time{};            // that those commits took
  std::uint64_t failures = 0;
  bool in_trouble = false;
};

class Journal {
 public:
  virtual ~Journal() = default;
  // False: it takes no more at the moment; the batch is untouched. What is written after a failure was polled is
  // decided upon what was on disk before that failure, and is tried as if nothing had been.
  virtual bool write(Batch&& batch) = 0;
  virtual std::optional<JournalResult> poll() = 0;
  // An eventfd that is readable when poll() may give something or write() takes batches again; -1: poll() tells all
  // that was written at once. Whoever waits for it reads it empty and then polls until nothing comes.
  virtual int event_fd() const { return -1; }
  // nullptr: it keeps nothing.
  virtual const JournalCounters* counters() const { return nullptr; }
};

// Forgets, and says at once that it is done.
class MemoryJournal final : public Journal {
 public:
  bool write(Batch&& batch) override {
    written_ = batch.number;
    return true;
  }
  std::optional<JournalResult> poll() override {
    if (written_ == told_) return std::nullopt;
    told_ = written_;
    return BatchesCommitted{told_};
  }

 private:
  std::uint64_t written_ = 0, told_ = 0;
};

}  // namespace bridgehall::conference

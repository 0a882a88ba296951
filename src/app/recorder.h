// The record as conferences see it: conference::Journal upon the storage thread. Says in the log when nothing can be
// written down and when it can again, counts for the metrics, and has a snapshot written now and then so that a start
// never has much to read. Control thread, but for the storage thread that it owns.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/storage_thread.h"
#include "conference/journal.h"
#include "conference/state.h"

namespace bridgehall::app {

class Recorder final : public conference::Journal {
 public:
  // A conference as it is on disk, or a little earlier; nullptr: unknown.
  using StateOf = std::function<const conference::State*(std::string_view conference)>;

  explicit Recorder(std::unique_ptr<storage::Journal> journal) : thread_(std::move(journal)) {}

  // Without `state_of` there are no snapshots.
  void start(StateOf state_of = {});
  // Ends after all that was written is on the disk or has failed, and with it a snapshot of each conference in which
  // something happened. Nothing is asked of `state_of` after that.
  void finish();

  // Has a backup made while the record is written, and says what became of it when poll() meets it. False: one is being
  // made, or too much waits.
  using BackupDone = std::function<void(const storage::Outcome<std::string>& folder)>;
  bool back_up(BackUp backup, BackupDone done);

  // -- Journal --
  bool write(conference::Batch&& batch) override;
  std::optional<conference::JournalResult> poll() override;
  int event_fd() const override { return thread_.event_fd(); }
  const conference::JournalCounters* counters() const override { return &counters_; }

 private:
  void note(const Committed& commit);
  void note(const RecordingFailed& failure);
  // What was pushed before it is refused, what comes after is tried. False: there is no room for it yet.
  bool resume();
  void write_snapshots(std::uint64_t events);

  StorageThread thread_;
  StateOf state_of_;
  std::map<std::string, std::uint64_t, std::less<>> since_snapshot_;  // events by conference
  std::uint64_t written_ = 0;                                         // the latest batch
  std::uint64_t settled_ = 0;  // the latest of which it is known that it was committed or refused
  std::uint64_t refused_ = 0;  // batches since the trouble began
  bool owes_resume_ = false;
  BackupDone backup_done_;  // while one is being made
  conference::JournalCounters counters_;
};

}  // namespace bridgehall::app

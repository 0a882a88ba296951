#include "app/recorder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <spdlog/spdlog.h>

namespace bridgehall::app {
namespace {

// Of the first bucket that holds `value`; the last is for what no bucket holds.
template <class Bounds, class Value>
std::size_t bucket_of(const Bounds& bounds, const Value& value) {
  return static_cast<std::size_t>(std::distance(bounds.begin(), std::lower_bound(bounds.begin(), bounds.end(), value)));
}

}  // namespace

void Recorder::start(StateOf state_of) {
  state_of_ = std::move(state_of);
  thread_.start();
}

void Recorder::finish() {
  write_snapshots(1);
  thread_.stop();
  state_of_ = {};
}

bool Recorder::back_up(BackUp backup, BackupDone done) {
  if (backup_done_ || (owes_resume_ && !resume()) || !thread_.has_room()) return false;
  backup_done_ = std::move(done);
  thread_.push(std::move(backup));
  return true;
}

// -- in --

bool Recorder::write(conference::Batch&& batch) {
  if ((owes_resume_ && !resume()) || !thread_.has_room()) return false;
  since_snapshot_[batch.conference] += batch.events.size();
  written_ = batch.number;
  thread_.push(std::move(batch));
  return true;
}

bool Recorder::resume() {
  if (!thread_.has_room()) return false;
  thread_.push(Resume{});
  owes_resume_ = false;
  return true;
}

// Of what is told committed: that may be a little behind what is on the disk, which a snapshot may be.
void Recorder::write_snapshots(std::uint64_t events) {
  if (!state_of_ || counters_.in_trouble) return;
  for (auto& [conference, since] : since_snapshot_) {
    if (since < events || !thread_.has_room()) continue;
    since = 0;
    if (const auto* state = state_of_(conference)) thread_.push(WriteSnapshot{*state, storage::Origin::events});
  }
}

// -- out --

std::optional<conference::JournalResult> Recorder::poll() {
  while (const auto report = thread_.pop()) {
    if (const auto* commit = std::get_if<Committed>(&*report)) {
      note(*commit);
      write_snapshots(storage::kEventsPerSnapshot);
      return conference::BatchesCommitted{commit->number};
    }
    if (const auto* failed = std::get_if<RecordingFailed>(&*report)) {
      const auto from = settled_ + 1;
      note(*failed);
      owes_resume_ = true;
      resume();
      return conference::BatchesFailed{from, storage::trouble_of(failed->failure.kind)};
    }
    if (const auto* made = std::get_if<BackedUp>(&*report)) std::exchange(backup_done_, {})(made->folder);
  }
  return std::nullopt;
}

void Recorder::note(const Committed& commit) {
  settled_ = commit.number;
  ++counters_.commits;
  counters_.batches += commit.batches;
  counters_.time += commit.took;
  ++counters_.commits_by_batches[bucket_of(counters_.kBatches, commit.batches)];
  ++counters_.commits_by_time[bucket_of(counters_.kTimes, commit.took)];
  if (!std::exchange(counters_.in_trouble, false)) return;
  spdlog::info("the record is written again; {} changes were refused meanwhile", refused_);
  refused_ = 0;
}

// Told once for each trouble: it is tried again every few seconds.
void Recorder::note(const RecordingFailed& failure) {
  ++counters_.failures;
  refused_ += written_ - settled_;
  settled_ = written_;
  if (!std::exchange(counters_.in_trouble, true))
    spdlog::error("nothing is recorded any more, so conferences refuse what would change them: {}",
                  failure.failure.message);
}

}  // namespace bridgehall::app

// The record: what happened in every conference, in order, kept on a disk. What append() has taken is there after any
// crash; what it has refused is not, unless power fails before the file could be opened again.
//
// An interface, because several nodes will keep it elsewhere than in a file (SqliteJournal). No threads, clocks or
// waiting but for the disk: its owner calls it on one thread, the program's storage thread (app/storage_thread.h).
// Every call may take as long as the disk does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conference/record.h"
#include "conference/state.h"
#include "storage/failure.h"

namespace bridgehall::storage {

// Where a snapshot comes from.
enum class Origin : std::uint8_t {
  events,  // the fold of what is recorded: only a quicker way to the same
  given,   // as it was said from outside, by a roster: what follows builds on it
};

struct Snapshot {
  conference::State state;  // with the sequence number of the last event in it
  Origin origin{};
};

struct RecordedConference {
  std::string id;
  std::uint64_t last_sequence = 0;
  std::uint64_t events = 0;        // that are kept
  conference::WallTime last_at{};  // of the newest kept; the epoch where none is
};

// All that is kept of one conference, for taking it elsewhere.
struct ConferenceRecord {
  std::string id;
  std::vector<Snapshot> snapshots;  // by sequence
  std::vector<conference::RecordedEvent> events;
};

// How many events may follow the newest snapshot before its owner should write another: few enough that a record opens
// at once, whatever its length (journal_bench.cpp), and a snapshot of 50 KB is not written for every remark.
inline constexpr std::uint64_t kEventsPerSnapshot = 1000;

class Journal {
 public:
  virtual ~Journal() = default;

  // All of `batches` on the disk, or none of them. Each batch goes on where its conference stopped, or is refused: a
  // conference begins with 1 or after its first snapshot. After a failure of the disk the file is closed, and opened
  // anew by the next call; a transaction is never tried a second time.
  virtual Outcome<void> append(std::span<const conference::Batch> batches) = 0;
  // What may wait until the commits are told: the owner calls it after them. A failure has cost nothing.
  virtual Outcome<void> tend() = 0;

  // Events after `after`, at most `most`, in order.
  virtual Outcome<std::vector<conference::RecordedEvent>> read(std::string_view conference, std::uint64_t after,
                                                               std::size_t most) = 0;
  // The newest events that are kept, at most `most`, in order.
  virtual Outcome<std::vector<conference::RecordedEvent>> read_latest(std::string_view conference,
                                                                      std::size_t most) = 0;
  // The newest snapshot and what happened since; its `sequence` is that of the last event. nullopt: not recorded.
  virtual Outcome<std::optional<conference::State>> load(std::string_view conference) = 0;
  // How many events load() has to apply to the newest snapshot.
  virtual Outcome<std::uint64_t> events_since_snapshot(std::string_view conference) = 0;
  virtual Outcome<std::vector<RecordedConference>> list() = 0;

  // Refused where the state is ahead of what is recorded, and a given one also where it is behind. Replaces older
  // snapshots that were folded from events.
  virtual Outcome<void> write_snapshot(const conference::State& state, Origin origin) = 0;

  // Forgets the events of conferences in which nothing happened since `before`, and what was said there. Kept is the
  // rest of the state they led to. Gives the number of events.
  virtual Outcome<std::uint64_t> purge(conference::WallTime before) = 0;

  virtual Outcome<ConferenceRecord> take_out(std::string_view conference) = 0;
  // Refused where there is one with this id, or where its events have gaps.
  virtual Outcome<void> put_in(const ConferenceRecord& record) = 0;
};

}  // namespace bridgehall::storage

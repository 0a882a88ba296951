// The record's file while it is open: locked for us alone, settled, brought up to date, its statements prepared.
// Made anew by SqliteJournal whenever something failed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "storage/database.h"
#include "storage/record_copy.h"

namespace bridgehall::storage {

enum class Access : std::uint8_t {
  create,    // make the file where there is none
  existing,  // refuse where there is none
};

struct FileOptions {
  std::string path;
  std::string vfs;  // of SQLite, by its name; empty: the system's files
  Access access = Access::create;
};

// How far a conference is recorded.
struct Position {
  std::int64_t key = 0;  // in the tables
  std::uint64_t last = 0;
  bool operator==(const Position&) const = default;
};
using Positions = std::map<std::string, Position, std::less<>>;

// Cuts what a commit that failed may have left in the log: everything behind `frames` frames. The file is closed then.
Outcome<void> cut_failed_commit(const FileOptions& file, std::int64_t frames, std::int64_t page_size);

struct Connection {
  // `log_frames`: what is known to be in the log, after cut_failed_commit(). A file can be read though the disk is
  // full.
  static Outcome<std::unique_ptr<Connection>> open(const FileOptions& file,
                                                   std::optional<std::int64_t> log_frames = std::nullopt);
  // Leaves the log where it is, unless close_cleanly() was called.
  ~Connection() = default;

  // Brings all that is in the log into the database and empties the log.
  Outcome<void> checkpoint();
  // The database alone is left: for an orderly end.
  void close_cleanly();
  Outcome<Positions> positions();

  std::unique_ptr<Database> database;
  std::int64_t page_size = 0;
  std::int64_t log_frames = 0;  // of commits that succeeded

  Statement insert_conference, insert_event, insert_snapshot;
  Statement select_events, select_last_at, select_snapshot, select_snapshots;
  Statement forget_older_folds, forget_other_snapshots, forget_events;
  std::unique_ptr<RecordCopy> copy;  // being made

 private:
  Connection() = default;
  Outcome<void> prepare();
};

}  // namespace bridgehall::storage

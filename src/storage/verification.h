// Walks the whole record and says what is wrong with it: pages and indices (SQLite's integrity check), gaps, events and
// snapshots that cannot be read, snapshots that are not what the events lead to. What migrations the file has had is
// held against ours when it is opened. Changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/sqlite_journal.h"

namespace bridgehall::storage {

struct Verification {
  static constexpr std::size_t kMaxFindings = 100;  // then it stops counting: the record is to be restored

  std::uint64_t conferences = 0, events = 0, snapshots = 0;
  std::vector<std::string> findings;  // whole sentences; none: all is well
};

// Fails only where the file cannot be read at all.
Outcome<Verification> verify(SqliteJournal& journal);

}  // namespace bridgehall::storage

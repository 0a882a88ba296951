// What the record has of the conferences when the server starts, and what the rosters say beside it. Runs before any
// thread that would have to wait.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "conference/host.h"
#include "storage/backup.h"
#include "storage/journal.h"

namespace bridgehall::app {

// Of each conference that goes on, its state and what pages may have missed. What the rosters say and no event does (a
// conference that begins, other titles, names and roles) is written down, so that what is recorded next builds on it.
storage::Outcome<std::vector<conference::Recovered>> load_conferences(storage::Journal& journal,
                                                                      std::span<const conference::Roster> rosters);

struct OpenedRecord {
  std::unique_ptr<storage::Journal> journal;
  // To be called by whoever has the journal, on its thread.
  std::function<storage::Outcome<storage::Manifest>(const storage::BackupOrder&)> back_up;
  std::vector<conference::Recovered> conferences;
};
// The record in that data folder; made where there is none.
Result<OpenedRecord> open_record(const std::string& data_folder, std::span<const conference::Roster> rosters);

}  // namespace bridgehall::app

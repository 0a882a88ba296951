// The record as the server has it when it starts. Runs before any thread that would have to wait.
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

struct OpenedRecord {
  std::unique_ptr<storage::Journal> journal;
  // A backup of it, for whoever has the journal.
  std::function<std::shared_ptr<storage::Backup>(storage::BackupOrder)> make_backup;
  std::vector<conference::Recovered> conferences;
};
// The record in that data folder; made where there is none.
Result<OpenedRecord> open_record(const std::string& data_folder, std::span<const conference::Roster> rosters);

}  // namespace bridgehall::app

// The data folder's contents, copied into a folder of their own with a manifest, and back. A copy is whole: of the
// record it is made by SQLite's online backup, of the other files as they are.
#pragma once

#include <string>
#include <vector>

#include "conference/state.h"
#include "storage/manifest.h"
#include "storage/sqlite_journal.h"

namespace bridgehall::storage {

struct BackupOrder {
  std::string data_folder;
  std::vector<std::string> files;  // beside the record, named from the data folder
  std::string target;              // made; refused where there is something in it
  conference::WallTime now{};
};
// Without its manifest, which is written last, a folder is no backup.
Outcome<Manifest> back_up(SqliteJournal& journal, const BackupOrder& order);

enum class Existing : std::uint8_t {
  refuse,
  replace,  // the record that was there is kept beside it under another name
};
// Looks at every file before it touches the data folder. No server may run with that folder.
Outcome<Manifest> restore(const std::string& backup, const std::string& data_folder, Existing existing);

}  // namespace bridgehall::storage

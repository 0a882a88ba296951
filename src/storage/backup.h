// The data folder's contents, copied into a folder of their own with a manifest, and back. A copy is whole: of the
// record it is made by SQLite's online backup, of the other files as they are.
#pragma once

#include <string>
#include <utility>
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

// A backup in the making, of a record that may be written meanwhile. Without its manifest, which is written last, a
// folder is no backup.
class Backup {
 public:
  // Does nothing yet. The journal is there until copy_some() has given true.
  Backup(SqliteJournal& journal, BackupOrder order) : journal_(journal), order_(std::move(order)) {}
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;
  // Leaves nothing unless complete() went well: it might have what there is no room for.
  ~Backup();

  // A millisecond of work on the journal's thread, between two transactions. True: the record is copied as it is
  // now. Not to be called again then, nor after a failure. Refused where there is no room for it.
  Outcome<bool> copy_some();
  // After that, on any thread: syncs and reads what was copied, and copies the other files. May take seconds.
  Outcome<Manifest> complete();

 private:
  enum class Made : std::uint8_t { nothing, part, backup };

  Outcome<void> begin();

  SqliteJournal& journal_;
  BackupOrder order_;
  Made made_ = Made::nothing;
  bool folder_was_there_ = false;
};
// A whole one, in one go.
Outcome<Manifest> back_up(SqliteJournal& journal, const BackupOrder& order);

enum class Existing : std::uint8_t {
  refuse,
  replace,  // the record that was there is kept beside it under another name
};
// Looks at every file before it touches the data folder. No server may run with that folder.
Outcome<Manifest> restore(const std::string& backup, const std::string& data_folder, Existing existing);

}  // namespace bridgehall::storage

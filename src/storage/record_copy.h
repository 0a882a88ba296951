// The record on its way into another file, some pages at a time. Between two steps the record may be written through
// its own connection: SQLite carries what changes into the pages that were copied before (sqlite3_backup_step), so the
// copy is the record as it is at the last step.
#pragma once

#include <memory>
#include <string>

#include "storage/database.h"

namespace bridgehall::storage {

class RecordCopy {
 public:
  // 256 KiB: a transaction that comes meanwhile hardly waits.
  static constexpr int kPagesPerStep = 64;

  // Ends before `from` does. `to` is made.
  static Outcome<std::unique_ptr<RecordCopy>> begin(Database& from, const std::string& to);
  // True: all is copied and the file closed, but not synced. Not to be called again then, nor after a failure.
  Outcome<bool> step();

 private:
  struct Finish {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
  };
  RecordCopy() = default;

  std::unique_ptr<Database> to_;
  std::unique_ptr<sqlite3_backup, Finish> backup_;
};

}  // namespace bridgehall::storage

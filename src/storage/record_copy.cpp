#include "storage/record_copy.h"

#include "storage/private_file.h"

namespace bridgehall::storage {

// Synced by who completes the backup: that takes long, and whoever writes the record is not to wait for it.
Outcome<std::unique_ptr<RecordCopy>> RecordCopy::begin(Database& from, const std::string& to) {
  if (auto made = create_private_file(to); !made) return std::unexpected(made.error());
  std::unique_ptr<RecordCopy> copy(new RecordCopy);
  auto opened = Database::open(to, "", SQLITE_OPEN_READWRITE);
  if (!opened) return std::unexpected(opened.error());
  copy->to_ = std::move(*opened);
  if (auto set = copy->to_->run("PRAGMA synchronous = OFF"); !set) return std::unexpected(set.error());
  copy->backup_.reset(sqlite3_backup_init(copy->to_->handle(), "main", from.handle(), "main"));
  if (!copy->backup_) return std::unexpected(copy->to_->failure());
  return copy;
}

Outcome<bool> RecordCopy::step() {
  const int code = sqlite3_backup_step(backup_.get(), kPagesPerStep);
  if (code == SQLITE_OK) return false;
  const int ended = sqlite3_backup_finish(backup_.release());
  if (code != SQLITE_DONE || ended != SQLITE_OK) return std::unexpected(to_->failure());
  to_.reset();
  return true;
}

}  // namespace bridgehall::storage

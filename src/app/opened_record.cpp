#include "app/opened_record.h"

#include <filesystem>
#include <utility>

#include "storage/recovery.h"
#include "storage/sqlite_journal.h"

namespace bridgehall::app {

Result<OpenedRecord> open_record(const std::string& data_folder, std::span<const conference::Roster> rosters) {
  const auto path = (std::filesystem::path(data_folder) / storage::kRecordFile).string();
  auto journal = storage::SqliteJournal::open({.path = path});
  if (!journal) return fail(std::move(journal.error().message));
  auto conferences = storage::load_conferences(**journal, rosters);
  if (!conferences) return fail(std::move(conferences.error().message));
  auto make_backup = [file = journal->get()](storage::BackupOrder order) {
    return std::make_shared<storage::Backup>(*file, std::move(order));
  };
  return OpenedRecord{std::move(*journal), std::move(make_backup), std::move(*conferences)};
}

}  // namespace bridgehall::app

#include "storage/connection.h"

#include <filesystem>

#include <fmt/format.h>

#include "storage/migrations.h"
#include "storage/private_file.h"
#include "storage/wal_file.h"

namespace bridgehall::storage {
namespace {

// Before anything is read, so that SQLite keeps the log's index in memory of its own: nobody else may come in until it
// is closed, and a file system without shared memory will do.
constexpr char kAlone[] = "PRAGMA locking_mode = EXCLUSIVE; SELECT count(*) FROM sqlite_schema;";

// NO_CKPT_ON_CLOSE: a connection that is closed because something failed leaves everything as it is.
Outcome<std::unique_ptr<Database>> open_alone(const FileOptions& file) {
  const int create = file.access == Access::create ? SQLITE_OPEN_CREATE : 0;
  auto database = Database::open(file.path, file.vfs, SQLITE_OPEN_READWRITE | create);
  if (!database) return database;
  sqlite3_db_config((*database)->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config((*database)->handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (auto alone = (*database)->run(kAlone); !alone) return std::unexpected(alone.error());
  // SQLite opens what it may not write for reading, without a word.
  if (sqlite3_db_readonly((*database)->handle(), "main") != 0)
    return std::unexpected(describe(SQLITE_READONLY, 0, file.path, ""));
  return database;
}

Outcome<void> look_for_file(const FileOptions& file) {
  if (!file.vfs.empty()) return {};
  std::error_code error;
  if (file.access == Access::create) return create_private_file(file.path);
  if (std::filesystem::exists(file.path, error)) return {};
  return fail(FailureKind::missing, fmt::format("There is no record: {} does not exist.", file.path));
}

int note_log_length(void* connection, sqlite3*, const char*, int frames) {
  static_cast<Connection*>(connection)->log_frames = frames;
  return SQLITE_OK;
}

}  // namespace

Outcome<void> cut_failed_commit(const FileOptions& file, std::int64_t frames, std::int64_t page_size) {
  auto database = open_alone(file);
  if (!database) return std::unexpected(database.error());
  return cut_wal(file.path, file.vfs, wal_bytes(frames, page_size));
}

Outcome<std::unique_ptr<Connection>> Connection::open(const FileOptions& file, std::optional<std::int64_t> log_frames) {
  if (auto found = look_for_file(file); !found) return std::unexpected(found.error());
  std::unique_ptr<Connection> connection(new Connection);
  auto database = open_alone(file);
  if (!database) return std::unexpected(database.error());
  connection->database = std::move(*database);
  auto& opened = *connection->database;
  sqlite3_wal_hook(opened.handle(), note_log_length, connection.get());  // in place of SQLite's own checkpoints
  const auto settled = settle_wal(file.path, file.vfs);
  if (!settled) return std::unexpected(settled.error());
  if (auto set = opened.run("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; "
                            "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;");
      !set)
    return std::unexpected(set.error());
  const auto pages = opened.number("PRAGMA page_count");
  if (!pages) return std::unexpected(pages.error());
  // What purge() frees can be given back to the disk. Said of a file that is no longer empty, it would only write.
  if (*pages == 0)
    if (auto set = opened.run("PRAGMA auto_vacuum = INCREMENTAL"); !set) return std::unexpected(set.error());
  const auto mode = opened.text("PRAGMA journal_mode = WAL");
  if (!mode) return std::unexpected(mode.error());
  if (*mode != "wal")
    return fail(FailureKind::disk_error, fmt::format("{} cannot be given a write-ahead log.", file.path));
  if (!log_frames)
    if (auto gone = forget_rollback_journal(file.path, file.vfs); !gone) return std::unexpected(gone.error());
  const auto page_size = opened.number("PRAGMA page_size");
  if (!page_size) return std::unexpected(page_size.error());
  connection->page_size = *page_size;
  if (auto migrated = migrate(opened, migrations()); !migrated) return std::unexpected(migrated.error());
  if (auto prepared = connection->prepare(); !prepared) return std::unexpected(prepared.error());
  if (auto emptied = connection->checkpoint(); !emptied) {
    // What is recorded can be read though nothing more can be: a conference goes on in which nothing is to be changed.
    if (emptied.error().kind != FailureKind::disk_full) return std::unexpected(emptied.error());
    connection->log_frames = log_frames.value_or(*settled);
  }
  return connection;
}

Outcome<void> Connection::prepare() {
  const std::pair<Statement*, std::string_view> table[] = {
      {&insert_conference, "INSERT INTO conferences (id) VALUES (?1)"},
      {&insert_event, "INSERT INTO events (conference, sequence, at, actor, event) VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&insert_snapshot,
       "INSERT OR REPLACE INTO snapshots (conference, sequence, origin, state) VALUES (?1, ?2, ?3, ?4)"},
      {&select_events,
       "SELECT sequence, at, actor, event FROM events WHERE conference = ?1 AND sequence > ?2 ORDER BY sequence "
       "LIMIT ?3"},
      {&select_last_at, "SELECT at, sequence FROM events WHERE conference = ?1 ORDER BY sequence DESC LIMIT 1"},
      // 'given' sorts behind 'events': at the same number it is what holds.
      {&select_snapshot,
       "SELECT sequence, origin, state FROM snapshots WHERE conference = ?1 ORDER BY sequence DESC, origin DESC LIMIT "
       "1"},
      {&select_snapshots,
       "SELECT sequence, origin, state FROM snapshots WHERE conference = ?1 ORDER BY sequence, origin"},
      {&forget_older_folds,
       "DELETE FROM snapshots WHERE conference = ?1 AND sequence < ?2 AND origin = 'events' AND sequence > "
       "(SELECT min(sequence) FROM snapshots WHERE conference = ?1)"},
      {&forget_other_snapshots, "DELETE FROM snapshots WHERE conference = ?1 AND (sequence <> ?2 OR origin <> ?3)"},
      {&forget_events, "DELETE FROM events WHERE conference = ?1"},
  };
  for (const auto& [statement, sql] : table) {
    auto prepared = database->prepare(sql);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

Outcome<void> Connection::checkpoint() {
  if (sqlite3_wal_checkpoint_v2(database->handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(database->failure());
  log_frames = 0;
  return {};
}

void Connection::close_cleanly() {
  if (checkpoint()) sqlite3_db_config(database->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

Outcome<Positions> Connection::positions() {
  auto select = database->prepare(
      "SELECT key, id, max(coalesce((SELECT max(sequence) FROM events WHERE conference = key), 0), "
      "coalesce((SELECT max(sequence) FROM snapshots WHERE conference = key), 0)) FROM conferences");
  if (!select) return std::unexpected(select.error());
  Positions positions;
  const auto done = select->each([&](Statement& row) {
    positions.emplace(row.text(1), Position{row.number(0), static_cast<std::uint64_t>(row.number(2))});
  });
  if (!done) return std::unexpected(done.error());
  return positions;
}

}  // namespace bridgehall::storage

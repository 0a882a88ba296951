#include "storage/database.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "base/check.h"

namespace bridgehall::storage {
namespace {

std::string because(int system_error, std::string_view detail) {
  return system_error != 0 ? std::generic_category().message(system_error) : std::string(detail);
}

}  // namespace

Failure describe(int code, int system_error, std::string_view path, std::string_view detail) {
  const int kind = code & 0xff;
  if (kind == SQLITE_FULL || system_error == ENOSPC || system_error == EDQUOT)
    return {
        FailureKind::disk_full,
        fmt::format("The disk is full: {} cannot grow. Free space on its file system; recording goes on then.", path)};
  if (kind == SQLITE_READONLY || system_error == EROFS)
    return {FailureKind::read_only,
            fmt::format("{} is read-only: the file, its folder or the whole file system may not be written.", path)};
  switch (kind) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {
          FailureKind::in_use,
          fmt::format("{} is in use by another process, most likely a server that runs with this data folder.", path)};
    case SQLITE_CORRUPT:
      return {FailureKind::damaged, fmt::format("{} is damaged ({}): restore a backup.", path, detail)};
    case SQLITE_NOTADB:
      return {FailureKind::damaged, fmt::format("{} is no record of Bridgehall: it is not an SQLite database.", path)};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {FailureKind::disk_error, fmt::format("{} cannot be opened: {}.", path, because(system_error, detail))};
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return {FailureKind::damaged,
              fmt::format("{} holds something else than what was recorded last ({}).", path, detail)};
    default:
      break;
  }
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
    return {FailureKind::disk_error,
            fmt::format("The disk did not keep what was written to {} ({}): look at the disk and its cables.", path,
                        because(system_error, detail))};
  if (kind == SQLITE_IOERR)
    return {FailureKind::disk_error,
            fmt::format("The disk failed for {} ({}, SQLite's code {}).", path, because(system_error, detail), code)};
  return {FailureKind::disk_error, fmt::format("{} failed: {} (SQLite's code {}).", path, detail, code)};
}

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return text ? std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)))
              : std::string_view();
}

// The caller's text outlives the run, so SQLite need not copy it. A null pointer would be NULL and not an empty text.
void Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

Failure Statement::failure() const { return database_->failure(); }

Outcome<std::unique_ptr<Database>> Database::open(const std::string& path, const std::string& vfs, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  BRIDGEHALL_CHECK(handle != nullptr);  // null only where there is no memory for it
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return std::unexpected(database->failure());
  return database;
}

Outcome<void> Database::run(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(failure());
  return {};
}

Outcome<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &prepared,
                         nullptr) != SQLITE_OK)
    return std::unexpected(failure());
  Statement statement;
  statement.statement_.reset(prepared);
  statement.database_ = this;
  return statement;
}

Outcome<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  std::int64_t value = 0;
  const auto done = statement->each([&](Statement& row) { value = row.number(0); });
  if (!done) return std::unexpected(done.error());
  return value;
}

Outcome<std::string> Database::text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  std::string value;
  const auto done = statement->each([&](Statement& row) { value = row.text(0); });
  if (!done) return std::unexpected(done.error());
  return value;
}

// sqlite3_system_errno() knows nothing of what failed in a COMMIT, so its file system is asked. That tells of any
// earlier failure too, which means something only where the system was at fault now.
Failure Database::failure() const {
  const int code = sqlite3_extended_errcode(handle_.get());
  const bool systems =
      ((code & 0xff) == SQLITE_IOERR && code != SQLITE_IOERR_SHORT_READ) || (code & 0xff) == SQLITE_CANTOPEN;
  sqlite3_vfs* vfs = nullptr;
  if (systems) sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  const int system_error = vfs && vfs->xGetLastError ? vfs->xGetLastError(vfs, 0, nullptr) : 0;
  return describe(code, system_error, path_, sqlite3_errmsg(handle_.get()));
}

}  // namespace bridgehall::storage

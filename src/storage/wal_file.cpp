#include "storage/wal_file.h"

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/check.h"
#include "storage/database.h"

namespace bridgehall::storage {
namespace {

sqlite3_vfs& find_vfs(const std::string& name) {
  auto* vfs = sqlite3_vfs_find(name.empty() ? nullptr : name.c_str());
  BRIDGEHALL_CHECK(vfs != nullptr);
  return *vfs;
}

// A log as a file of SQLite's file system, so that tests can stand in for the disk here as well.
class WalFile {
 public:
  static Outcome<std::unique_ptr<WalFile>> open(const std::string& path, const std::string& vfs_name) {
    auto* vfs = &find_vfs(vfs_name);
    auto file = std::unique_ptr<WalFile>(new WalFile(path, *vfs));
    const int code = vfs->xOpen(vfs, file->name_, file->file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, nullptr);
    if (code != SQLITE_OK) return std::unexpected(file->failure(code));
    return file;
  }
  WalFile(const WalFile&) = delete;
  WalFile& operator=(const WalFile&) = delete;
  ~WalFile() {
    if (file()->pMethods) file()->pMethods->xClose(file());
    sqlite3_free_filename(database_);
  }

  Outcome<std::int64_t> size() {
    sqlite3_int64 bytes = 0;
    if (const int code = methods().xFileSize(file(), &bytes); code != SQLITE_OK) return std::unexpected(failure(code));
    return bytes;
  }
  Outcome<void> write_again(std::int64_t bytes) {
    std::vector<char> part(64 * 1024);
    for (std::int64_t at = 0; at < bytes;) {
      const auto size = static_cast<int>(std::min<std::int64_t>(bytes - at, static_cast<std::int64_t>(part.size())));
      if (auto done = check(methods().xRead(file(), part.data(), size, at)); !done) return done;
      if (auto done = check(methods().xWrite(file(), part.data(), size, at)); !done) return done;
      at += size;
    }
    return {};
  }
  // https://www.sqlite.org/fileformat2.html#the_write_ahead_log: a frame counts while it has the header's salt and the
  // right checksum, and a commit while all before it do.
  Outcome<std::int64_t> committed_frames(std::int64_t bytes) {
    std::vector<std::uint8_t> header(kWalHeader);
    if (bytes < kWalHeader) return 0;
    if (auto done = read(header, 0); !done) return std::unexpected(done.error());
    const auto page = static_cast<std::int64_t>(big_endian(header, 8));
    Checksum sum(big_endian(header, 0) == kWalMagic);
    sum.add(header, 0, 24);
    if (big_endian(header, 0) >> 1 != kWalMagic >> 1 || page < 512 || page > 65536 || !sum.is(header, 24)) return 0;
    std::int64_t committed = 0;
    std::vector<std::uint8_t> frame(static_cast<std::size_t>(kFrameHeader + page));
    for (std::int64_t number = 1; wal_bytes(number, page) <= bytes; ++number) {
      if (auto done = read(frame, kWalHeader + (number - 1) * (kFrameHeader + page)); !done)
        return std::unexpected(done.error());
      sum.add(frame, 0, 8);
      sum.add(frame, kFrameHeader, frame.size());
      if (!std::equal(frame.begin() + 8, frame.begin() + 16, header.begin() + 16) || !sum.is(frame, 16)) break;
      if (big_endian(frame, 4) != 0) committed = number;
    }
    return committed;
  }
  Outcome<void> truncate(std::int64_t bytes) { return check(methods().xTruncate(file(), bytes)); }
  Outcome<void> sync() { return check(methods().xSync(file(), SQLITE_SYNC_FULL)); }

 private:
  static constexpr std::uint32_t kWalMagic = 0x377f0682;  // the last bit: the checksums' words are big-endian
  static constexpr std::int64_t kWalHeader = 32, kFrameHeader = 24;

  static std::uint32_t big_endian(std::span<const std::uint8_t> bytes, std::size_t at) {
    return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
           bytes[at + 3];
  }
  class Checksum {
   public:
    explicit Checksum(bool little_endian) : little_endian_(little_endian) {}
    void add(std::span<const std::uint8_t> bytes, std::size_t from, std::size_t to) {
      for (auto at = from; at < to; at += 8) {
        first_ += word(bytes, at) + second_;
        second_ += word(bytes, at + 4) + first_;
      }
    }
    bool is(std::span<const std::uint8_t> bytes, std::size_t at) const {
      return first_ == big_endian(bytes, at) && second_ == big_endian(bytes, at + 4);
    }

   private:
    std::uint32_t word(std::span<const std::uint8_t> bytes, std::size_t at) const {
      const auto big = big_endian(bytes, at);
      return little_endian_ ? __builtin_bswap32(big) : big;
    }
    bool little_endian_;
    std::uint32_t first_ = 0, second_ = 0;
  };

  Outcome<void> read(std::span<std::uint8_t> into, std::int64_t at) {
    return check(methods().xRead(file(), into.data(), static_cast<int>(into.size()), at));
  }
  WalFile(const std::string& path, sqlite3_vfs& vfs)
      : vfs_(vfs), path_(path), memory_(static_cast<std::size_t>(vfs.szOsFile) / sizeof(std::max_align_t) + 1) {
    // A log's name must lie in the memory of its database's (sqlite3_create_filename).
    const auto database = path.substr(0, path.size() - 4);
    database_ = sqlite3_create_filename(database.c_str(), "", path.c_str(), 0, nullptr);
    BRIDGEHALL_CHECK(database_ != nullptr);
    name_ = sqlite3_filename_wal(database_);
    file()->pMethods = nullptr;
  }
  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }
  const sqlite3_io_methods& methods() { return *file()->pMethods; }
  Failure failure(int code) {
    const int system_error = vfs_.xGetLastError ? vfs_.xGetLastError(&vfs_, 0, nullptr) : 0;
    return describe(code, system_error, path_, sqlite3_errstr(code));
  }
  Outcome<void> check(int code) {
    if (code != SQLITE_OK) return std::unexpected(failure(code));
    return {};
  }

  sqlite3_vfs& vfs_;
  std::string path_;
  std::vector<std::max_align_t> memory_;
  sqlite3_filename database_ = nullptr;
  const char* name_ = nullptr;
};

Outcome<bool> exists(const std::string& path, const std::string& vfs_name) {
  auto* vfs = &find_vfs(vfs_name);
  int found = 0;
  if (const int code = vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &found); code != SQLITE_OK)
    return std::unexpected(describe(code, 0, path, sqlite3_errstr(code)));
  return found != 0;
}

}  // namespace

Outcome<std::int64_t> settle_wal(const std::string& database, const std::string& vfs) {
  const auto path = database + "-wal";
  const auto there = exists(path, vfs);
  if (!there) return std::unexpected(there.error());
  if (!*there) return 0;
  auto file = WalFile::open(path, vfs);
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  if (*size == 0) return 0;
  if (auto done = (*file)->write_again(*size); !done) return std::unexpected(done.error());
  if (auto done = (*file)->sync(); !done) return std::unexpected(done.error());
  return (*file)->committed_frames(*size);
}

Outcome<void> cut_wal(const std::string& database, const std::string& vfs, std::int64_t bytes) {
  const auto path = database + "-wal";
  const auto there = exists(path, vfs);
  if (!there) return std::unexpected(there.error());
  if (!*there && bytes == 0) return {};
  if (*there) {
    auto file = WalFile::open(path, vfs);
    if (!file) return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    if (*size >= bytes) {
      if (auto done = (*file)->truncate(bytes); !done) return done;
      return (*file)->sync();
    }
  }
  return fail(
      FailureKind::damaged,
      fmt::format("{} is shorter than what was written to it: somebody has changed it. Restart the server.", path));
}

Outcome<void> forget_rollback_journal(const std::string& database, const std::string& vfs_name) {
  auto& vfs = find_vfs(vfs_name);
  const auto path = database + "-journal";
  std::vector<std::max_align_t> memory(static_cast<std::size_t>(vfs.szOsFile) / sizeof(std::max_align_t) + 1);
  auto* file = reinterpret_cast<sqlite3_file*>(memory.data());
  file->pMethods = nullptr;
  // Only a deletion of something syncs the folder.
  auto* name = sqlite3_create_filename(database.c_str(), path.c_str(), "", 0, nullptr);
  BRIDGEHALL_CHECK(name != nullptr);
  int code = vfs.xOpen(&vfs, sqlite3_filename_journal(name), file,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_JOURNAL, nullptr);
  if (file->pMethods) file->pMethods->xClose(file);
  sqlite3_free_filename(name);
  if (code == SQLITE_OK) code = vfs.xDelete(&vfs, path.c_str(), 1);
  if (code == SQLITE_OK) return {};
  return std::unexpected(
      describe(code, vfs.xGetLastError ? vfs.xGetLastError(&vfs, 0, nullptr) : 0, path, sqlite3_errstr(code)));
}

}  // namespace bridgehall::storage

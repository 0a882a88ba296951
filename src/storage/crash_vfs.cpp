#include "storage/crash_vfs.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include <fmt/format.h>

#include "base/check.h"

namespace bridgehall::storage {
namespace {

constexpr std::size_t kSector = 512;

CrashVfs& of(sqlite3_vfs* vfs) { return *static_cast<CrashVfs*>(vfs->pAppData); }

}  // namespace

struct CrashVfs::Open {
  sqlite3_file base;  // first: SQLite sees this
  CrashVfs* vfs;
  std::shared_ptr<File> file;
};

// What SQLite calls. https://www.sqlite.org/c3ref/io_methods.html
struct CrashVfs::Methods {
  static Open& opened(sqlite3_file* file) { return *reinterpret_cast<Open*>(file); }

  static int close(sqlite3_file* file) {
    opened(file).~Open();
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
    const auto& open = opened(file);
    if (open.vfs->crashed_) return SQLITE_IOERR_READ;
    const auto& bytes = open.file->seen;
    const auto wanted = static_cast<std::size_t>(size), begin = std::min(static_cast<std::size_t>(at), bytes.size());
    const auto there = std::min(wanted, bytes.size() - begin);
    if (there > 0) std::memcpy(out, bytes.data() + begin, there);
    std::memset(static_cast<char*>(out) + there, 0, wanted - there);
    return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    return opened(file).vfs->write(*opened(file).file, data, static_cast<std::size_t>(size),
                                   static_cast<std::size_t>(at));
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return opened(file).vfs->truncate(*opened(file).file, static_cast<std::size_t>(size));
  }
  static int sync(sqlite3_file* file, int) { return opened(file).vfs->sync(*opened(file).file); }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(opened(file).file->seen.size());
    return opened(file).vfs->crashed_ ? SQLITE_IOERR_FSTAT : SQLITE_OK;
  }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int is_reserved(sqlite3_file*, int* reserved) {
    *reserved = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return kSector; }
  // As SQLite's own file system says: a torn write does no harm beside itself.
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    static constexpr sqlite3_io_methods kMethods{
        1,       close,       read,    write,       truncate,        sync,    file_size, lock,
        lock,    is_reserved, control, sector_size, characteristics, nullptr, nullptr,   nullptr,
        nullptr, nullptr,     nullptr};
    auto& self = of(vfs);
    file->pMethods = nullptr;
    if (self.crashed_) return SQLITE_IOERR;
    auto found = path ? self.files_[path] : std::make_shared<File>();
    const bool read_only = self.fault() == DiskFault::read_only;
    if (!found && ((flags & SQLITE_OPEN_CREATE) == 0 || read_only)) {
      self.files_.erase(path);
      self.system_error_ = read_only ? EROFS : ENOENT;
      return SQLITE_CANTOPEN;
    }
    if (!found) found = self.files_[path] = std::make_shared<File>();
    new (file) Open{{&kMethods}, &self, std::move(found)};
    if (out_flags) *out_flags = read_only ? (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY : flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int synced) { return of(vfs).remove(path, synced != 0); }
  static int access(sqlite3_vfs* vfs, const char* path, int, int* found) {
    *found = of(vfs).files_.contains(path);
    return of(vfs).crashed_ ? SQLITE_IOERR_ACCESS : SQLITE_OK;
  }
  static int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs* vfs, int size, char* out) {
    of(vfs).random_.fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
    return size;
  }
  static int pause(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int current_time(sqlite3_vfs*, double* day) {
    *day = 2'461'366.5;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs* vfs, int, char*) { return of(vfs).system_error_; }
};

CrashVfs::CrashVfs(std::uint64_t seed) : random_(seed), name_(fmt::format("crash-{}", static_cast<void*>(this))) {
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(Open);
  vfs_.mxPathname = 512;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = Methods::open;
  vfs_.xDelete = Methods::remove;
  vfs_.xAccess = Methods::access;
  vfs_.xFullPathname = Methods::full_path;
  vfs_.xRandomness = Methods::randomness;
  vfs_.xSleep = Methods::pause;
  vfs_.xCurrentTime = Methods::current_time;
  vfs_.xGetLastError = Methods::last_error;
  BRIDGEHALL_CHECK(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

CrashVfs::~CrashVfs() { sqlite3_vfs_unregister(&vfs_); }

void CrashVfs::set_fault(DiskFault fault, std::uint64_t from_operation) {
  fault_ = fault;
  fault_from_ = from_operation;
}

bool CrashVfs::count_operation() {
  if (crashed_) return false;
  if (++operations_ == crash_at_) crashed_ = true;
  return true;
}

// What power fails in the middle of counts as begun: lose_power() decides how far it came.
int CrashVfs::write(File& file, const void* data, std::size_t size, std::size_t at) {
  if (!count_operation()) return SQLITE_IOERR_WRITE;
  const auto end = at + size;
  system_error_ = 0;
  if (fault() == DiskFault::read_only) system_error_ = EROFS;
  if (fault() == DiskFault::write_fails) system_error_ = EIO;
  if (system_error_ != 0) return SQLITE_IOERR_WRITE;
  if (fault() == DiskFault::full && end > file.seen.size()) return SQLITE_FULL;
  if (end > file.seen.size()) file.seen.resize(end);
  std::memcpy(file.seen.data() + at, data, size);
  for (auto sector = at / kSector; sector * kSector < end; ++sector) {
    file.unsynced.insert(sector);
    file.given_up.erase(sector);
  }
  return crashed_ ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

int CrashVfs::truncate(File& file, std::size_t size) {
  if (!count_operation()) return SQLITE_IOERR_TRUNCATE;
  if (fault() == DiskFault::read_only) {
    system_error_ = EROFS;
    return SQLITE_IOERR_TRUNCATE;
  }
  file.seen.resize(size);
  const auto behind = (size + kSector - 1) / kSector;
  file.unsynced.erase(file.unsynced.lower_bound(behind), file.unsynced.end());
  file.given_up.erase(file.given_up.lower_bound(behind), file.given_up.end());
  return crashed_ ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

int CrashVfs::sync(File& file) {
  if (!count_operation() || crashed_) return SQLITE_IOERR_FSYNC;
  if (fault() == DiskFault::sync_fails) {
    system_error_ = EIO;
    file.given_up.merge(file.unsynced);
    file.unsynced.clear();
    return SQLITE_IOERR_FSYNC;
  }
  file.kept.resize(file.seen.size());
  for (const auto sector : file.unsynced) {
    const auto begin = sector * kSector, end = std::min(begin + kSector, file.seen.size());
    std::copy(file.seen.begin() + static_cast<std::ptrdiff_t>(begin),
              file.seen.begin() + static_cast<std::ptrdiff_t>(end),
              file.kept.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  file.unsynced.clear();
  for (const auto& [path, entry] : files_)
    if (entry.get() == &file) kept_entries_[path] = entry;
  return SQLITE_OK;
}

int CrashVfs::remove(const std::string& path, bool synced) {
  if (!count_operation() || crashed_) return SQLITE_IOERR_DELETE;
  if (fault() == DiskFault::read_only) {
    system_error_ = EROFS;
    return SQLITE_IOERR_DELETE;
  }
  if (files_.erase(path) == 0) return SQLITE_IOERR_DELETE_NOENT;
  if (synced) kept_entries_.erase(path);
  return SQLITE_OK;
}

// One fate in three for all sectors alike, else each has its own.
void CrashVfs::lose_power(File& file) {
  enum Fate { old_one, new_one, torn, each };
  const auto common = static_cast<Fate>(random_.below(6));  // above `each`: `each` as well
  auto size = file.kept.size();
  if (random_.chance(0.5)) size = file.seen.size();
  if (file.seen.size() > file.kept.size() && random_.chance(0.3))
    size = file.kept.size() + random_.below((file.seen.size() - file.kept.size()) / kSector + 1) * kSector;
  auto after = file.kept;
  after.resize(size);
  auto changed = file.unsynced;
  changed.insert(file.given_up.begin(), file.given_up.end());
  for (const auto sector : changed) {
    const auto fate = common < each ? common : static_cast<Fate>(random_.below(each));
    const auto begin = std::min({sector * kSector, size, file.seen.size()});
    const auto whole = std::min({begin + kSector, size, file.seen.size()}) - begin;
    const auto written = fate == old_one ? 0 : fate == new_one ? whole : random_.below(whole + 1);
    std::copy_n(file.seen.begin() + static_cast<std::ptrdiff_t>(begin), written,
                after.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  file.seen = after;
  file.kept = std::move(after);
  file.unsynced.clear();
  file.given_up.clear();
}

void CrashVfs::restart() {
  for (const auto& [path, file] : files_)
    if (!kept_entries_.contains(path) && random_.chance(0.5)) kept_entries_[path] = file;
  for (const auto& [path, file] : Files(kept_entries_))
    if (!files_.contains(path) && random_.chance(0.5)) kept_entries_.erase(path);
  files_ = kept_entries_;
  for (const auto& [path, file] : files_) lose_power(*file);
  crashed_ = false;
  crash_at_ = 0;
  fault_ = DiskFault::none;
}

void CrashVfs::damage(const std::string& path, std::size_t at) {
  auto& file = *files_.at(path);
  file.seen.at(at) ^= 0x55;
  if (at < file.kept.size()) file.kept[at] ^= 0x55;
}

std::size_t CrashVfs::size(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? 0 : found->second->seen.size();
}

}  // namespace bridgehall::storage

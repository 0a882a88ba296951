// A disk of SQLite's in memory, for tests and the simulator: it knows what was synced, loses power at any operation,
// and fails as disks do. Everything is drawn from its seed. One thread.
//
// Power: of each sector of 512 octets that was written since the last sync, the old content is there again, the new,
// or the new up to some octet. A file's length, a file made or deleted without a sync may be as before or as after.
// A sync that fails is as bad as Linux makes it: what it should have written can be read on, no later sync writes it,
// and after the next loss of power it may be gone.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "base/random.h"

namespace bridgehall::storage {

enum class DiskFault : std::uint8_t {
  none,
  full,         // no file grows
  write_fails,  // every write
  sync_fails,   // every sync
  read_only,    // as after a remount
};

class CrashVfs {
 public:
  explicit CrashVfs(std::uint64_t seed);
  CrashVfs(const CrashVfs&) = delete;
  CrashVfs& operator=(const CrashVfs&) = delete;
  // After all its connections were closed.
  ~CrashVfs();

  // For FileOptions::vfs.
  const std::string& name() const { return name_; }

  // Writes, syncs, truncations and deletions so far.
  std::uint64_t operations() const { return operations_; }
  // Power fails in the operation with this number, the first being 1. Nothing works from then on.
  void crash_at(std::uint64_t operation) { crash_at_ = operation; }
  void crash_now() { crashed_ = true; }
  bool crashed() const { return crashed_; }
  // Power is back, after all connections were closed.
  void restart();

  // From that operation on, until it is set to none.
  void set_fault(DiskFault fault, std::uint64_t from_operation = 0);

  // Changes an octet behind everyone's back, on the disk as well.
  void damage(const std::string& path, std::size_t at);
  std::size_t size(const std::string& path) const;
  bool has(const std::string& path) const { return files_.contains(path); }

 private:
  struct File {
    std::vector<std::uint8_t> seen;  // by whoever reads
    std::vector<std::uint8_t> kept;  // what a sync has put on the disk
    std::set<std::size_t> unsynced;  // sectors
    std::set<std::size_t> given_up;  // sectors that a failed sync has left behind
  };
  using Files = std::map<std::string, std::shared_ptr<File>>;
  struct Open;     // SQLite's handle of a file
  struct Methods;  // its functions

  // One more operation; false: power has failed in it.
  bool count_operation();
  DiskFault fault() const { return operations_ >= fault_from_ ? fault_ : DiskFault::none; }
  void lose_power(File& file);

  int write(File& file, const void* data, std::size_t size, std::size_t at);
  int truncate(File& file, std::size_t size);
  int sync(File& file);
  int remove(const std::string& path, bool synced);

  SeededRandom random_;
  std::string name_;
  sqlite3_vfs vfs_{};
  Files files_;         // as programs see the folder
  Files kept_entries_;  // as the disk has it
  std::uint64_t operations_ = 0;
  std::uint64_t crash_at_ = 0;
  bool crashed_ = false;
  DiskFault fault_ = DiskFault::none;
  std::uint64_t fault_from_ = 0;
  int system_error_ = 0;
};

}  // namespace bridgehall::storage

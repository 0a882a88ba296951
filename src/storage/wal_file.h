// The files beside a database, handled as files where SQLite promises less than we do, while nobody else has the
// database.
#pragma once

#include <cstdint>
#include <string>

#include "storage/failure.h"

namespace bridgehall::storage {

// Length of a log of so many frames (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
constexpr std::int64_t wal_bytes(std::int64_t frames, std::int64_t page_size) {
  return frames == 0 ? 0 : 32 + frames * (24 + page_size);
}

// Writes what can be read of the log once more and syncs it. After an fsync that failed, the system goes on showing
// pages that are not on the disk and believes them clean; whoever builds on them loses everything behind them with the
// next power cut. Gives the number of frames up to the end of the last commit: those that SQLite reads.
Outcome<std::int64_t> settle_wal(const std::string& database, const std::string& vfs);

// Cuts off what lies behind `bytes`: frames of a commit that failed, which another connection would take for good.
// Refused where the log is shorter than that.
Outcome<void> cut_wal(const std::string& database, const std::string& vfs, std::int64_t bytes);

// Makes sure that no rollback journal comes back after a power cut. SQLite deletes the one of the change to a
// write-ahead log without syncing the folder; if it came back, it would be played back over everything recorded since.
Outcome<void> forget_rollback_journal(const std::string& database, const std::string& vfs);

}  // namespace bridgehall::storage

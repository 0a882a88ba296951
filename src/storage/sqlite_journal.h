// The record in one SQLite file (3.40, write-ahead log, synchronous FULL). The file is ours alone while it is open.
//
// What happens when the disk refuses: the connection is closed at once. The next call cuts off what the failed commit
// may have left in the log, opens the file anew and holds it against what was acknowledged. So a batch that was
// acknowledged is there, though an fsync failed in between, and one that was refused is not; but if power fails before
// the file could be opened again, it may be. docs/adr/0012 says why.
#pragma once

#include <memory>

#include "storage/connection.h"
#include "storage/journal.h"

namespace bridgehall::storage {

// In a server's data folder.
inline constexpr std::string_view kRecordFile = "record.sqlite3";

class SqliteJournal final : public Journal {
 public:
  // Frames after which tend() brings the log into the database: 4 MiB, so that an append after it waits little.
  static constexpr std::int64_t kLogFrames = 1000;

  static Outcome<std::unique_ptr<SqliteJournal>> open(FileOptions file);
  ~SqliteJournal() override;

  Outcome<void> append(std::span<const conference::Batch> batches) override;
  Outcome<void> tend() override;
  Outcome<std::vector<conference::RecordedEvent>> read(std::string_view conference, std::uint64_t after,
                                                       std::size_t most) override;
  Outcome<std::vector<conference::RecordedEvent>> read_latest(std::string_view conference, std::size_t most) override;
  Outcome<std::optional<conference::State>> load(std::string_view conference) override;
  Outcome<std::uint64_t> events_since_snapshot(std::string_view conference) override;
  Outcome<std::vector<RecordedConference>> list() override;
  Outcome<void> write_snapshot(const conference::State& state, Origin origin) override;
  Outcome<std::uint64_t> purge(conference::WallTime before) override;
  Outcome<ConferenceRecord> take_out(std::string_view conference) override;
  Outcome<void> put_in(const ConferenceRecord& record) override;

  // Copies the record into another file while it is written: begin_copy(), then copy_some() between the transactions
  // until it gives true; then all is copied, but not synced. Whatever closes the file gives the copy up.
  Outcome<void> begin_copy(const std::string& to);
  Outcome<bool> copy_some();

  // For what works on the file as a whole, as verification does. Opens it anew where something had failed.
  Outcome<Database*> database();
  const FileOptions& file() const { return file_; }
  // The disk failed and the file was not opened since.
  bool broken() const { return !connection_; }

 private:
  explicit SqliteJournal(FileOptions file) : file_(std::move(file)) {}

  Outcome<void> connect();
  Outcome<void> ready();
  // Closes the connection for the failure's sake, which is given back.
  std::unexpected<Failure> give_up(const Failure& failure);
  // The number before the first event that is kept.
  Outcome<std::uint64_t> forgotten(const Position& position);
  Outcome<Position> find(std::string_view conference);
  // Inside a transaction.
  Outcome<Position> find_or_add(std::string_view conference, Positions& changed);
  Outcome<void> insert(const Position& position, const conference::RecordedEvent& event);
  Outcome<void> insert(const Position& position, const Snapshot& snapshot);
  // Carries `work` out in a transaction; the connection is given up if it fails of the disk.
  template <class Work>
  Outcome<void> transact(Work&& work);
  Outcome<std::uint64_t> purge_one(const std::string& conference, const Position& position);

  FileOptions file_;
  std::unique_ptr<Connection> connection_;
  Positions positions_;  // what was acknowledged
  bool opened_ = false;
  std::int64_t log_frames_ = 0;  // of the connection that was given up
  std::int64_t page_size_ = 0;
};

}  // namespace bridgehall::storage

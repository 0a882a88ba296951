// The record of a simulated conference: the program's own journal on a disk that loses power (storage/crash_vfs.h) and
// outlives servers, and the journal end of one server's life, which writes to it with delays and standstills. A server
// that dies takes its disk's power with it, between any two of its steps or in the middle of a write: harder than
// kill -9, after which what was written is there.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conference/host.h"
#include "conference/journal.h"
#include "sim/world.h"
#include "storage/crash_vfs.h"
#include "storage/sqlite_journal.h"

namespace bridgehall::sim {

class SimDisk {
 public:
  explicit SimDisk(std::uint64_t seed) : random_(seed), vfs_(seed) {}

  // What a server begins with, as the program reads it. It is held against what was acknowledged.
  std::vector<conference::Recovered> open(World& world, const conference::Roster& roster);
  // Of the server that has it open. A batch that nobody answers for, as power failed in it, is neither.
  enum class Written : std::uint8_t { yes, refused, unknown };
  Written append(const conference::Batch& batch);
  conference::RecordTrouble why_refused() const { return why_refused_; }
  // As the program's storage thread does after a commit, and now and then a snapshot.
  void tend();

  // Power fails, at once or in the operation after so many more; it is back when a server opens the record.
  void lose_power();
  void lose_power_after(std::uint64_t operations) { vfs_.crash_at(vfs_.operations() + operations + 1); }
  bool has_power() const { return !vfs_.crashed(); }

  // Why nothing can be written from now on; nullopt: it can.
  void set_trouble(std::optional<conference::RecordTrouble> trouble);

  // What was acknowledged, in order.
  const std::vector<conference::RecordedEvent>& events() const { return events_; }

 private:
  using Events = std::vector<conference::RecordedEvent>;
  void compare(World& world, Events found);

  SeededRandom random_;
  storage::CrashVfs vfs_;
  std::unique_ptr<storage::SqliteJournal> journal_;  // while a server lives
  std::string conference_;
  Events events_;
  // What is there or not if power fails now: refused or not answered, and not yet cut off.
  std::vector<Events> in_doubt_;
  std::optional<conference::RecordTrouble> trouble_;
  conference::RecordTrouble why_refused_{};
};

class SimJournal final : public conference::Journal {
 public:
  SimJournal(World& world, SimDisk& disk, std::uint64_t seed) : world_(world), disk_(disk), random_(seed) {}
  ~SimJournal() override { advance(); }

  bool write(conference::Batch&& batch) override;
  std::optional<conference::JournalResult> poll() override;

  // Writes what is due by now.
  void advance();
  bool has_results() const { return !told_.empty() && told_.front().at <= world_.now; }
  TimePoint next_deadline() const;

 private:
  static constexpr std::size_t kCapacity = 64;
  struct Waiting {
    conference::Batch batch;
    TimePoint due;
  };
  struct Told {
    conference::JournalResult result;
    TimePoint at;
  };

  Duration draw_delay();
  void tell(conference::JournalResult result, TimePoint written);

  World& world_;
  SimDisk& disk_;
  SeededRandom random_;
  std::deque<Waiting> waiting_;
  std::deque<Told> told_;
  TimePoint last_due_{}, last_told_{};
  bool failing_ = false;  // until the failure was polled
};

}  // namespace bridgehall::sim

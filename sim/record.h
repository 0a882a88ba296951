// The record of a simulated conference: a disk that outlives servers, and the journal of one server's life that writes
// to it, with delays, standstills and failures. A crash is between any two of its steps: what was written and not yet
// told is on the disk all the same.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "conference/host.h"
#include "conference/journal.h"
#include "sim/world.h"

namespace bridgehall::sim {

struct SimDisk {
  std::vector<conference::RecordedEvent> events;
  std::optional<conference::RecordTrouble> trouble;  // why nothing can be written at present

  // What a server begins with.
  conference::Recovered recover(const conference::Roster& roster) const;
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

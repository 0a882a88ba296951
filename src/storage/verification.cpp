#include "storage/verification.h"

#include <fmt/format.h>

#include "conference/apply.h"
#include "storage/event_json.h"
#include "storage/state_json.h"

namespace bridgehall::storage {
namespace {

// Folds one conference anew, event by event, and meets its snapshots on the way.
class Walk {
 public:
  Walk(std::string id, Verification& result) : id_(std::move(id)), result_(result) { state_.id = id_; }

  void add_snapshot(std::uint64_t sequence, std::string_view origin, std::string_view text) {
    ++result_.snapshots;
    auto state = decode_state(text);
    if (!state) return find(fmt::format("the snapshot at event {}: {}", sequence, state.error().message));
    if (state->id != id_ || state->sequence != sequence)
      return find(fmt::format("the snapshot at event {} is of another conference or another event.", sequence));
    snapshots_.push_back({std::move(*state), origin == "given" ? Origin::given : Origin::events});
  }

  // Before the first event, whose number is given; 0: there are none.
  void begin(std::uint64_t first) {
    if (first != 1 && !snapshots_.empty()) {
      state_ = snapshots_.front().state;  // what came before was purged
      ++met_;
    }
  }

  void add_event(std::uint64_t sequence, std::string_view text) {
    ++result_.events;
    meet_snapshots();
    if (sequence != state_.sequence + 1) {
      find(sequence == state_.sequence + 2
               ? fmt::format("event {} is missing.", sequence - 1)
               : fmt::format("events {} to {} are missing.", state_.sequence + 1, sequence - 1));
      lost_ = true;
      state_.sequence = sequence - 1;
    }
    const auto event = decode_event(text);
    if (event) return conference::apply(state_, *event);
    find(fmt::format("event {}: {}", sequence, event.error().message));
    lost_ = true;
    ++state_.sequence;
  }

  void end() {
    meet_snapshots();
    if (met_ < snapshots_.size())
      find(fmt::format("events {} to {} are missing.", state_.sequence + 1, snapshots_.back().state.sequence));
  }

 private:
  void meet_snapshots() {
    for (; met_ < snapshots_.size() && snapshots_[met_].state.sequence <= state_.sequence; ++met_) {
      const auto& snapshot = snapshots_[met_];
      if (snapshot.state.sequence < state_.sequence) continue;  // in a gap
      if (snapshot.origin == Origin::events && !lost_ && snapshot.state != state_)
        find(fmt::format("the snapshot at event {} is not what the events lead to.", state_.sequence));
      if (snapshot.origin == Origin::given || lost_) {
        state_ = snapshot.state;
        lost_ = false;
      }
    }
  }

  void find(const std::string& what) {
    if (result_.findings.size() < Verification::kMaxFindings)
      result_.findings.push_back(fmt::format("In the conference {}: {}", id_, what));
  }

  std::string id_;
  Verification& result_;
  conference::State state_;
  std::vector<Snapshot> snapshots_;  // by sequence
  std::size_t met_ = 0;
  bool lost_ = false;  // the fold is not what it was, for want of an event
};

Outcome<void> check_pages(Database& database, Verification& result) {
  auto check = database.prepare("PRAGMA integrity_check(20)");
  if (!check) return std::unexpected(check.error());
  return check->each([&](Statement& row) {
    if (row.text(0) != "ok") result.findings.push_back(fmt::format("SQLite finds: {}.", row.text(0)));
  });
}

}  // namespace

Outcome<Verification> verify(SqliteJournal& journal) {
  const auto conferences = journal.list();
  if (!conferences) return std::unexpected(conferences.error());
  const auto opened = journal.database();
  if (!opened) return std::unexpected(opened.error());
  auto& database = **opened;
  Verification result;
  if (auto pages = check_pages(database, result); !pages) return std::unexpected(pages.error());
  auto snapshots = database.prepare(
      "SELECT sequence, origin, state FROM snapshots WHERE conference = (SELECT key FROM conferences WHERE id = ?1) "
      "ORDER BY sequence, origin");
  auto first = database.prepare(
      "SELECT coalesce(min(sequence), 0) FROM events WHERE conference = (SELECT key FROM conferences WHERE id = ?1)");
  auto events = database.prepare(
      "SELECT sequence, event FROM events WHERE conference = (SELECT key FROM conferences WHERE id = ?1) "
      "ORDER BY sequence");
  if (!snapshots || !first || !events) return std::unexpected(database.failure());
  for (const auto& each : *conferences) {
    ++result.conferences;
    Walk walk(each.id, result);
    auto done = snapshots->each(
        [&](Statement& row) { walk.add_snapshot(static_cast<std::uint64_t>(row.number(0)), row.text(1), row.text(2)); },
        each.id);
    if (done)
      done = first->each([&](Statement& row) { walk.begin(static_cast<std::uint64_t>(row.number(0))); }, each.id);
    if (done)
      done = events->each(
          [&](Statement& row) { walk.add_event(static_cast<std::uint64_t>(row.number(0)), row.text(1)); }, each.id);
    if (!done) return std::unexpected(done.error());
    walk.end();
  }
  return result;
}

}  // namespace bridgehall::storage

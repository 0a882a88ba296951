// Power fails at every single operation of a run, several times with other sectors lost, and disks fail on the way:
// what was acknowledged is there afterwards, once, in order, and each batch whole.
#include <algorithm>
#include <iterator>
#include <map>

#include <gtest/gtest.h>

#include "storage/crash_vfs.h"
#include "storage/sqlite_journal.h"
#include "storage/storage_testing.h"

namespace bridgehall::storage {
namespace {

using conference::Batch;

constexpr char kPath[] = "record.sqlite3";

enum class Disk : std::uint8_t { works, fails_now_and_then };

// A server's life on that disk: random batches, snapshots and checkpoints, and what it was told of them.
class Life {
 public:
  Life(std::uint64_t seed, CrashVfs& disk, Disk kind) : random_(seed), disk_(disk), kind_(kind) {}

  // Until power fails, or for so many steps; then it fails, or the server ends in good order.
  void work(int steps) {
    auto opened = SqliteJournal::open({.path = kPath, .vfs = disk_.name()});
    if (!opened) return;
    auto& journal = **opened;
    for (int step = 0; step < steps && !disk_.crashed(); ++step) {
      if (kind_ == Disk::fails_now_and_then && random_.chance(0.15))
        disk_.set_fault(static_cast<DiskFault>(random_.below(5)), disk_.operations() + random_.below(20));
      if (random_.chance(0.1)) snapshot(journal);
      append(journal);
      if (random_.chance(0.5)) static_cast<void>(journal.tend());
    }
    if (random_.chance(0.5)) disk_.crash_now();
  }

  // After the restart. Beyond what was acknowledged there is nothing, or one whole transaction of those that were not
  // answered or refused since: power failed before it could be cut off.
  void check() {
    disk_.restart();
    auto opened = SqliteJournal::open({.path = kPath, .vfs = disk_.name()});
    ASSERT_DONE(opened);
    Words beyond;
    for (auto& [id, known] : known_) {
      const auto state = (*opened)->load(id);
      ASSERT_DONE(state);
      const auto last = state->has_value() ? (*state)->sequence : 0;
      ASSERT_GE(last, known.state().sequence) << "acknowledged events of " << id << " are gone";
      if (!*state) continue;
      const auto events = (*opened)->read(id, 0, 100'000);
      ASSERT_DONE(events);
      const auto words = to_words(*events);
      auto& told = told_[id];
      ASSERT_EQ(words.size(), last);
      ASSERT_TRUE(std::equal(told.begin(), told.end(), words.begin())) << "another past of " << id;
      if (words.size() > told.size()) {
        beyond[id] = {words.begin() + static_cast<std::ptrdiff_t>(told.size()), words.end()};
        told = words;
        for (auto at = static_cast<std::size_t>(known.state().sequence); at < events->size(); ++at)
          known.follow((*events)[at].event);
      }
      ASSERT_EQ(**state, known.state());
    }
    ASSERT_TRUE(beyond.empty() || std::find(open_.begin(), open_.end(), beyond) != open_.end())
        << "a part of a transaction";
    open_.clear();
  }

  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t refused() const { return refused_; }

 private:
  using Words = std::map<std::string, std::vector<std::string>>;  // events by conference

  GrowingConference& any_conference() {
    const auto id = fmt::format("conference-{}", random_.below(3));
    return known_.try_emplace(id, id).first->second;
  }

  void append(SqliteJournal& journal) {
    std::map<std::string, GrowingConference> grown;
    Words words;
    std::vector<Batch> batches(1 + random_.below(4));
    for (auto& batch : batches) {
      const auto& known = any_conference();
      auto& one = grown.try_emplace(known.state().id, known).first->second;
      batch = one.grow([this](std::uint64_t bound) { return random_.below(bound); }, 1 + random_.below(5));
      for (const auto& event : batch.events) words[batch.conference].push_back(to_words(event));
    }
    const auto done = journal.append(batches);
    if (!done) {
      open_.push_back(std::move(words));
      if (disk_.crashed()) return;
      ++refused_;
      EXPECT_NE(done.error().kind, FailureKind::refused) << done.error().message;
      EXPECT_NE(done.error().kind, FailureKind::damaged) << done.error().message;
      return;
    }
    ++acknowledged_;
    open_.clear();
    for (auto& [id, after] : grown) known_.at(id) = std::move(after);
    for (auto& [id, each] : words) std::move(each.begin(), each.end(), std::back_inserter(told_[id]));
  }

  void snapshot(SqliteJournal& journal) {
    const auto& state = any_conference().state();
    if (state.sequence > 0) static_cast<void>(journal.write_snapshot(state, Origin::events));
  }

  SeededRandom random_;
  CrashVfs& disk_;
  Disk kind_;
  std::map<std::string, GrowingConference> known_;  // as acknowledged
  Words told_;
  std::vector<Words> open_;  // transactions of which it was not told that they are there
  std::uint64_t acknowledged_ = 0, refused_ = 0;
};

TEST(CrashTest, WhateverIsAcknowledgedSurvivesACrashAtAnyOperation) {
  std::uint64_t crashes = 0, acknowledged = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    for (std::uint64_t operation = 1;; ++operation) {
      SCOPED_TRACE(fmt::format("seed {}, power fails in operation {}", seed, operation));
      CrashVfs disk(seed * 1000 + operation);
      Life life(seed, disk, Disk::works);
      disk.crash_at(operation);
      life.work(12);
      const bool crashed = disk.operations() >= operation;
      crashes += crashed;
      life.check();
      if (HasFatalFailure()) return;
      acknowledged += life.acknowledged();
      if (!crashed) break;
    }
  }
  RecordProperty("crashes", std::to_string(crashes));
  fmt::print("{} crashes, {} transactions acknowledged before them\n", crashes, acknowledged);
  EXPECT_GE(crashes, 1000u);
  EXPECT_GT(acknowledged, crashes);
}

TEST(CrashTest, DisksThatFailOnTheWayTakeNothingWithThem) {
  std::uint64_t acknowledged = 0, refused = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    CrashVfs disk(seed);
    Life life(seed, disk, Disk::fails_now_and_then);
    for (int starts = 0; starts < 3; ++starts) {
      disk.crash_at(disk.operations() + 1 + seed * 37 % 400);
      life.work(40);
      life.check();
      if (HasFatalFailure()) return;
    }
    acknowledged += life.acknowledged();
    refused += life.refused();
  }
  fmt::print("{} transactions acknowledged, {} refused\n", acknowledged, refused);
  EXPECT_GT(acknowledged, 1000u);
  EXPECT_GT(refused, 1000u);
}

// The server is killed after a sync that failed, and started again: the file looks as if the commit had gone well, and
// is not on the disk. Then power fails at every operation of what follows.
TEST(CrashTest, WhatOnlySeemsToBeOnTheDiskIsNotBuiltUpon) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (std::uint64_t operation = 1;; ++operation) {
      SCOPED_TRACE(fmt::format("seed {}, power fails in operation {} after the start", seed, operation));
      SeededRandom random(seed);
      const Dice dice = [&](std::uint64_t bound) { return random.below(bound); };
      CrashVfs disk(seed * 1000 + operation);
      auto killed = SqliteJournal::open({.path = kPath, .vfs = disk.name()});
      ASSERT_DONE(killed);
      GrowingConference grown("a");
      const auto append = [&](SqliteJournal& journal, std::size_t events) {
        const auto batch = grown.grow(dice, events);
        return journal.append({&batch, 1});
      };
      ASSERT_DONE(append(**killed, 100));
      ASSERT_DONE((*(*killed)->database())->run("PRAGMA wal_checkpoint(TRUNCATE)"));
      ASSERT_DONE(append(**killed, 1));
      const auto acknowledged = grown.state().sequence;
      disk.set_fault(DiskFault::sync_fails);
      ASSERT_FALSE(append(**killed, 100));
      disk.set_fault(DiskFault::none);

      disk.crash_at(disk.operations() + operation);
      auto told = acknowledged;
      if (auto next = SqliteJournal::open({.path = kPath, .vfs = disk.name()})) {
        grown = GrowingConference(**(*next)->load("a"));
        if (append(**next, 10) && (*next)->tend()) told = grown.state().sequence;
      }
      const bool crashed = disk.crashed();
      disk.crash_now();  // the killed one does nothing any more
      killed->reset();
      disk.restart();
      const auto after = SqliteJournal::open({.path = kPath, .vfs = disk.name()});
      ASSERT_DONE(after);
      EXPECT_EQ(*(*(*after)->database())->text("PRAGMA integrity_check"), "ok");
      const auto state = (*after)->load("a");
      ASSERT_DONE(state);
      ASSERT_GE((*state)->sequence, told);
      if (!crashed) break;
    }
  }
}

// A disk that says it has synced and has not: the test would not see a loss if it saw nothing here.
TEST(CrashTest, WhatWasNeverSyncedIsMissed) {
  std::uint64_t missed = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CrashVfs disk(seed);
    auto journal = SqliteJournal::open({.path = kPath, .vfs = disk.name()});
    ASSERT_DONE(journal);
    ASSERT_DONE((*(*journal)->database())->run("PRAGMA synchronous = OFF"));
    SeededRandom random(seed);
    GrowingConference grown("a");
    for (int i = 0; i < 5; ++i) {
      const auto batch = grown.grow([&](std::uint64_t bound) { return random.below(bound); }, 3);
      ASSERT_DONE((*journal)->append({&batch, 1}));
    }
    disk.crash_now();
    journal->reset();
    disk.restart();
    const auto again = SqliteJournal::open({.path = kPath, .vfs = disk.name()});
    const auto state = again ? (*again)->load("a") : Outcome<std::optional<conference::State>>{};
    missed += !again || !state || !*state || (*state)->sequence < grown.state().sequence;
  }
  EXPECT_GT(missed, 10u);
}

}  // namespace
}  // namespace bridgehall::storage

// The record on its thread, with a journal in memory that does as it is told. Made for the thread sanitizer as well.
#include "app/storage_thread.h"

#include <array>
#include <atomic>

#include <gtest/gtest.h>

#include "io/clock.h"

namespace bridgehall::app {
namespace {

using conference::Batch;
using storage::Failure;
using storage::FailureKind;
using storage::Outcome;

// What it keeps is looked at after the thread has ended.
class ModelJournal final : public storage::Journal {
 public:
  struct Kept {
    std::atomic<bool> fails{false};
    std::vector<std::uint64_t> batches;  // numbers, in order
    std::vector<std::size_t> transactions;
    std::vector<std::string> snapshots;
  };
  explicit ModelJournal(Kept& kept) : kept_(kept) {}

  Outcome<void> append(std::span<const Batch> batches) override {
    if (kept_.fails.load()) return storage::fail(FailureKind::disk_full, "The disk is full.");
    for (const auto& batch : batches) kept_.batches.push_back(batch.number);
    kept_.transactions.push_back(batches.size());
    return {};
  }
  Outcome<void> tend() override { return {}; }
  Outcome<std::vector<conference::RecordedEvent>> read(std::string_view, std::uint64_t, std::size_t) override {
    return {};
  }
  Outcome<std::vector<conference::RecordedEvent>> read_latest(std::string_view, std::size_t) override { return {}; }
  Outcome<std::optional<conference::State>> load(std::string_view id) override {
    return conference::State{.id = std::string(id), .sequence = kept_.batches.size()};
  }
  Outcome<std::uint64_t> events_since_snapshot(std::string_view) override { return 0; }
  Outcome<std::vector<storage::RecordedConference>> list() override { return {}; }
  Outcome<void> write_snapshot(const conference::State& state, storage::Origin) override {
    if (kept_.fails.load()) return storage::fail(FailureKind::disk_full, "The disk is full.");
    kept_.snapshots.push_back(state.id);
    return {};
  }
  Outcome<std::uint64_t> purge(conference::WallTime) override { return 0; }
  Outcome<storage::ConferenceRecord> take_out(std::string_view) override { return storage::ConferenceRecord{}; }
  Outcome<void> put_in(const storage::ConferenceRecord&) override { return {}; }

 private:
  Kept& kept_;
};

class StorageThreadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    thread_.emplace(std::make_unique<ModelJournal>(kept_));
    poller_.add(thread_->event_fd(), 0);
  }
  void push_batch() { thread_->push(Batch{.number = ++number_, .conference = "a", .events = {{.sequence = number_}}}); }
  // Copied in so many steps.
  static BackUp backup(int steps = 1) {
    return {[steps]() mutable { return Outcome<bool>(--steps <= 0); }, [] { return Outcome<std::string>("a folder"); }};
  }
  // The next report; a minute at most.
  std::optional<StorageReport> wait() {
    auto now = io::read_clock();
    for (const auto limit = now + 60s; now < limit; now = io::read_clock()) {
      if (auto report = thread_->pop()) return report;
      poller_.wait(limit, now);
      thread_->clear_event();
    }
    return std::nullopt;
  }
  template <class Kind>
  std::optional<Kind> wait_for() {
    auto report = wait();
    EXPECT_TRUE(report && std::holds_alternative<Kind>(*report));
    if (!report || !std::holds_alternative<Kind>(*report)) return std::nullopt;
    return std::get<Kind>(std::move(*report));
  }
  void wait_until_committed(std::uint64_t number) {
    for (std::uint64_t last = 0; last < number;) {
      const auto committed = wait_for<Committed>();
      ASSERT_TRUE(committed);
      ASSERT_GT(committed->number, last);
      last = committed->number;
    }
  }

  ModelJournal::Kept kept_;
  std::optional<StorageThread> thread_;
  io::Poller poller_;
  std::uint64_t number_ = 0;
};

TEST_F(StorageThreadTest, BatchesAreCommittedInOrder) {
  thread_->start();
  for (int i = 0; i < 2000; ++i) push_batch();
  wait_until_committed(2000);
  thread_->stop();
  ASSERT_EQ(kept_.batches.size(), 2000u);
  for (std::size_t i = 0; i < 2000; ++i) ASSERT_EQ(kept_.batches[i], i + 1);
}

TEST_F(StorageThreadTest, WhatWaitsGoesIntoOneTransaction) {
  for (int i = 0; i < 600; ++i) push_batch();
  thread_->start();
  wait_until_committed(600);
  thread_->stop();
  EXPECT_EQ(kept_.transactions, (std::vector<std::size_t>{256, 256, 88}));
}

TEST_F(StorageThreadTest, AfterAFailureNothingIsRecordedUntilControlResumes) {
  for (int i = 0; i < 3; ++i) push_batch();
  thread_->start();
  wait_until_committed(3);
  kept_.fails = true;
  push_batch();
  const auto failed = wait_for<RecordingFailed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->failure.kind, FailureKind::disk_full);
  kept_.fails = false;
  push_batch();  // was on its way when control heard of it
  thread_->push(WriteSnapshot{{.id = "a"}, storage::Origin::given});
  thread_->push(backup());
  const auto made = wait_for<BackedUp>();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->folder.value_or(""), "a folder");
  thread_->push(Resume{});
  push_batch();
  wait_until_committed(6);
  thread_->stop();
  EXPECT_EQ(kept_.batches, (std::vector<std::uint64_t>{1, 2, 3, 6}));
  EXPECT_TRUE(kept_.snapshots.empty());
}

TEST_F(StorageThreadTest, ASnapshotComesAfterWhatWasPushedBeforeIt) {
  push_batch();
  thread_->push(WriteSnapshot{{.id = "a"}, storage::Origin::events});
  push_batch();
  thread_->start();
  wait_until_committed(2);
  thread_->stop();
  EXPECT_EQ(kept_.transactions, (std::vector<std::size_t>{1, 1}));
  EXPECT_EQ(kept_.snapshots, (std::vector<std::string>{"a"}));
}

TEST_F(StorageThreadTest, AGivenStateThatCannotBeKeptIsAFailureAndAFoldIsNone) {
  kept_.fails = true;
  thread_->push(WriteSnapshot{{.id = "a"}, storage::Origin::events});
  thread_->start();
  thread_->push(backup());
  EXPECT_TRUE(wait_for<BackedUp>());
  thread_->push(WriteSnapshot{{.id = "a"}, storage::Origin::given});
  EXPECT_TRUE(wait_for<RecordingFailed>());
}

TEST_F(StorageThreadTest, WhatWasPushedBeforeTheEndIsRecorded) {
  for (int i = 0; i < 100; ++i) push_batch();
  thread_->start();
  thread_->stop();
  EXPECT_EQ(kept_.batches.size(), 100u);
  wait_until_committed(100);
}

TEST_F(StorageThreadTest, ItWaitsWhereItsReportsAreNotPopped) {
  thread_->start();
  constexpr std::uint64_t kMany = 10'000;
  // A snapshot ends a transaction, so that each batch is one and told by itself.
  bool snapshot = false;
  const auto push_while_there_is_room = [&] {
    for (; number_ < kMany && thread_->has_room(); snapshot = !snapshot)
      snapshot ? thread_->push(WriteSnapshot{{.id = "a"}, storage::Origin::events}) : push_batch();
  };
  push_while_there_is_room();
  for (std::uint64_t heard = 0; heard < kMany; push_while_there_is_room()) {
    const auto committed = wait_for<Committed>();
    ASSERT_TRUE(committed);
    heard = committed->number;
  }
}

TEST_F(StorageThreadTest, TheRecordIsWrittenBetweenTheStepsOfABackup) {
  std::atomic<bool> committed{false};
  // Never done with copying unless a batch is committed meanwhile.
  thread_->push(
      BackUp{[&] { return Outcome<bool>(committed.load()); }, [] { return Outcome<std::string>("a folder"); }});
  thread_->start();
  push_batch();
  wait_until_committed(1);
  committed = true;
  EXPECT_TRUE(wait_for<BackedUp>());
}

TEST_F(StorageThreadTest, ABackupGoesOnWhileTheRecordIsWritten) {
  std::size_t recorded_before = 0;
  thread_->push(BackUp{[&, steps = 100]() mutable {
                         recorded_before = kept_.batches.size();
                         return Outcome<bool>(--steps == 0);
                       },
                       [] { return Outcome<std::string>("a folder"); }});
  for (int i = 0; i < 200; ++i) {
    push_batch();
    thread_->push(WriteSnapshot{{.id = "a"}, storage::Origin::events});
  }
  thread_->start();
  auto report = wait();
  while (report && !std::holds_alternative<BackedUp>(*report)) report = wait();
  ASSERT_TRUE(report);
  thread_->stop();
  EXPECT_GT(recorded_before, 10u);
  EXPECT_LT(recorded_before, 190u);
}

// As long as completing it takes, the record is written.
TEST_F(StorageThreadTest, ABackupIsCompletedOnAnotherThread) {
  std::atomic<bool> committed{false};
  thread_->push(BackUp{[] { return Outcome<bool>(true); },
                       [&] {
                         while (!committed.load()) std::this_thread::yield();
                         return Outcome<std::string>("a folder");
                       }});
  thread_->start();
  push_batch();
  wait_until_committed(1);
  committed = true;
  EXPECT_TRUE(wait_for<BackedUp>());
}

TEST_F(StorageThreadTest, WhatBecameOfABackupIsSaid) {
  thread_->start();
  thread_->push(BackUp{[] { return Outcome<bool>(storage::fail(FailureKind::disk_full, "The disk is full.")); },
                       [] { return Outcome<std::string>("a folder"); }});
  auto made = wait_for<BackedUp>();
  ASSERT_TRUE(made);
  ASSERT_FALSE(made->folder);
  EXPECT_EQ(made->folder.error().message, "The disk is full.");
  thread_->push(BackUp{[] { return Outcome<bool>(true); },
                       [] { return Outcome<std::string>(storage::fail(FailureKind::disk_error, "It broke.")); }});
  made = wait_for<BackedUp>();
  ASSERT_TRUE(made);
  ASSERT_FALSE(made->folder);
  EXPECT_EQ(made->folder.error().message, "It broke.");
}

TEST_F(StorageThreadTest, ABackupThatIsNotCopiedYetIsGivenUpAtTheEnd) {
  thread_->push(BackUp{[] { return Outcome<bool>(false); }, [] { return Outcome<std::string>("a folder"); }});
  push_batch();
  thread_->start();
  thread_->stop();
  wait_until_committed(1);
  EXPECT_FALSE(thread_->pop());
}

}  // namespace
}  // namespace bridgehall::app

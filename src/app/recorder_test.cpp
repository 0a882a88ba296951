// The host, the recorder, its thread and the real record on a disk in memory that fails now and then.
#include "app/recorder.h"

#include <atomic>
#include <deque>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "base/random.h"
#include "conference/conference_testing.h"
#include "conference/host.h"
#include "io/clock.h"
#include "storage/crash_vfs.h"
#include "storage/sqlite_journal.h"
#include "storage/storage_testing.h"
#include "storage/verification.h"

namespace bridgehall::app {
namespace {

using conference::Batch;
using conference::BatchesCommitted;
using conference::BatchesFailed;
using conference::JournalResult;
using conference::RecordedEvent;
using conference::RecordTrouble;
using storage::CrashVfs;
using storage::DiskFault;
using storage::Outcome;
using storage::SqliteJournal;

constexpr char kPath[] = "record.sqlite3";

// The record, whose disk has the fault that was chosen last, and which stands still when told to. The disk belongs to
// the thread that asks for transactions.
class FaultyJournal final : public storage::Journal {
 public:
  struct Knobs {
    std::atomic<DiskFault> fault{DiskFault::none};
    std::atomic<bool> stands_still{false};
    std::atomic<std::uint64_t> spread{1};  // a fault begins within so many operations
    std::atomic<std::uint64_t> failures{0};
  };
  FaultyJournal(std::unique_ptr<SqliteJournal> inner, CrashVfs& disk, Knobs& knobs)
      : inner_(std::move(inner)), disk_(disk), knobs_(knobs) {}

  Outcome<void> append(std::span<const Batch> batches) override {
    while (knobs_.stands_still.load()) std::this_thread::yield();
    take_fault();
    auto outcome = inner_->append(batches);
    if (!outcome) ++knobs_.failures;
    return outcome;
  }
  Outcome<void> tend() override { return inner_->tend(); }
  Outcome<std::vector<RecordedEvent>> read(std::string_view id, std::uint64_t after, std::size_t most) override {
    return inner_->read(id, after, most);
  }
  Outcome<std::vector<RecordedEvent>> read_latest(std::string_view id, std::size_t most) override {
    return inner_->read_latest(id, most);
  }
  Outcome<std::optional<conference::State>> load(std::string_view id) override { return inner_->load(id); }
  Outcome<std::uint64_t> events_since_snapshot(std::string_view id) override {
    return inner_->events_since_snapshot(id);
  }
  Outcome<std::vector<storage::RecordedConference>> list() override { return inner_->list(); }
  Outcome<void> write_snapshot(const conference::State& state, storage::Origin origin) override {
    take_fault();
    return inner_->write_snapshot(state, origin);
  }
  Outcome<std::uint64_t> purge(conference::WallTime before) override { return inner_->purge(before); }
  Outcome<storage::ConferenceRecord> take_out(std::string_view id) override { return inner_->take_out(id); }
  Outcome<void> put_in(const storage::ConferenceRecord& record) override { return inner_->put_in(record); }

 private:
  // At another place of a transaction each time.
  void take_fault() {
    const auto fault = knobs_.fault.load();
    if (fault != last_) disk_.set_fault(fault, disk_.operations() + ++turn_ % knobs_.spread.load());
    last_ = fault;
  }

  std::unique_ptr<SqliteJournal> inner_;
  CrashVfs& disk_;
  Knobs& knobs_;
  DiskFault last_ = DiskFault::none;
  std::uint64_t turn_ = 0;
};

class RecorderTest : public ::testing::Test {
 protected:
  void SetUp() override { spdlog::set_level(spdlog::level::off); }
  void TearDown() override { spdlog::set_level(spdlog::level::info); }
  void open(std::uint64_t seed = 1) {
    disk_.emplace(seed);
    auto journal = SqliteJournal::open({.path = kPath, .vfs = disk_->name()});
    ASSERT_DONE(journal);
    ASSERT_DONE((*journal)->write_snapshot(conference::full_house(), storage::Origin::given));
    recorder_.emplace(std::make_unique<FaultyJournal>(std::move(*journal), *disk_, knobs_));
    poller_.emplace();
    poller_->add(recorder_->event_fd(), 0);
  }
  // As HttpServer does: the descriptor is read empty, then all is polled.
  void wait() {
    const auto now = io::read_clock();
    ASSERT_FALSE(poller_->wait(now + 60s, now).empty()) << "nothing rang for a minute";
    std::uint64_t rang = 0;
    ASSERT_EQ(::read(recorder_->event_fd(), &rang, sizeof rang), static_cast<ssize_t>(sizeof rang));
  }
  JournalResult next() {
    for (;;) {
      if (const auto result = recorder_->poll()) return *result;
      wait();
      if (HasFatalFailure()) return BatchesCommitted{};
    }
  }
  Batch batch(std::uint64_t sequence) {
    return {.number = ++number_,
            .conference = "demo",
            .events = {{sequence, conference::kNoon, "", conference::LockChanged{true}}}};
  }
  std::unique_ptr<SqliteJournal> reopen() {
    recorder_.reset();
    auto journal = SqliteJournal::open({.path = kPath, .vfs = disk_->name()});
    EXPECT_TRUE(journal) << journal.error().message;
    return std::move(*journal);
  }

  FaultyJournal::Knobs knobs_;
  std::optional<CrashVfs> disk_;
  std::optional<Recorder> recorder_;
  std::optional<io::Poller> poller_;
  std::uint64_t number_ = 0;
};

TEST_F(RecorderTest, WhatWasWrittenBeforeAFailureWasPolledIsRefusedAndWhatComesAfterIsTried) {
  open();
  recorder_->start();
  ASSERT_TRUE(recorder_->write(batch(1)));
  EXPECT_EQ(std::get<BatchesCommitted>(next()).number, 1u);
  knobs_.fault = DiskFault::full;
  ASSERT_TRUE(recorder_->write(batch(2)));
  while (knobs_.failures == 0) std::this_thread::yield();  // nobody has asked yet
  knobs_.fault = DiskFault::none;
  ASSERT_TRUE(recorder_->write(batch(3)));
  const auto failed = std::get<BatchesFailed>(next());
  EXPECT_EQ(failed.from, 2u);
  EXPECT_EQ(failed.why, RecordTrouble::disk_full);
  EXPECT_TRUE(recorder_->counters()->in_trouble);
  ASSERT_TRUE(recorder_->write(batch(2)));
  EXPECT_EQ(std::get<BatchesCommitted>(next()).number, 4u);
  EXPECT_FALSE(recorder_->counters()->in_trouble);
  EXPECT_EQ(recorder_->counters()->failures, 1u);
  EXPECT_EQ(recorder_->counters()->commits, 2u);
  knobs_.fault = DiskFault::write_fails;
  ASSERT_TRUE(recorder_->write(batch(3)));
  EXPECT_EQ(std::get<BatchesFailed>(next()).from, 5u);
  knobs_.fault = DiskFault::none;
  ASSERT_TRUE(recorder_->write(batch(3)));
  EXPECT_EQ(std::get<BatchesCommitted>(next()).number, 6u);
  EXPECT_EQ((*reopen()->load("demo"))->sequence, 3u);
}

TEST_F(RecorderTest, RingsWhenItTakesBatchesAgainThoughAllOfThemWereRefused) {
  open();
  knobs_.fault = DiskFault::full;
  knobs_.stands_still = true;
  recorder_->start();
  std::uint64_t sequence = 0;
  std::optional<Batch> left;
  do left = batch(++sequence);
  while (recorder_->write(std::move(*left)));
  EXPECT_GT(sequence, 4000u);
  knobs_.stands_still = false;
  EXPECT_EQ(std::get<BatchesFailed>(next()).from, 1u);
  knobs_.fault = DiskFault::none;
  left = batch(1);
  while (!recorder_->write(std::move(*left))) {
    wait();
    ASSERT_FALSE(HasFatalFailure());
    EXPECT_FALSE(recorder_->poll());
  }
  EXPECT_EQ(std::get<BatchesCommitted>(next()).number, number_);
  EXPECT_EQ((*reopen()->load("demo"))->sequence, 1u);
}

// A conference of random commands, as web::Control hosts it.
class HostedRecorderTest : public RecorderTest, public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  void begin(std::uint64_t seed) {
    random_ = SeededRandom(seed);
    host_.emplace(conference::DirectoryLimits{}, random_);
    conference::Roster roster{.id = "demo", .title = "Demo"};
    const auto house = conference::full_house();
    for (const auto& seat : house.seats) roster.seats.push_back({.id = seat.id, .name = seat.name, .role = seat.role});
    host_->add_conference(roster);
    open(seed);
    host_->recover({house, {}}, now_);
    recorder_->start([this](std::string_view id) { return host_->state(id); });
  }
  void write() {
    if (!unwritten_) unwritten_ = host_->poll_batch();
    while (unwritten_) {
      auto copy = *unwritten_;
      if (!recorder_->write(std::move(copy))) return;
      under_way_.push_back(*std::exchange(unwritten_, host_->poll_batch()));
    }
  }
  void take(const JournalResult& result) {
    if (const auto* committed = std::get_if<BatchesCommitted>(&result)) {
      host_->handle_committed(committed->number, now_);
      for (; !under_way_.empty() && under_way_.front().number <= committed->number; under_way_.pop_front())
        for (auto& event : under_way_.front().events) told_.push_back(event);
    } else {
      const auto& failed = std::get<BatchesFailed>(result);
      unwritten_.reset();
      under_way_.clear();
      host_->handle_commit_failed(failed.from, failed.why, now_);
      ++failures_;
    }
    write();
  }
  void ask() {
    const auto house = conference::full_house();
    const auto& seat = house.seats[random_.below(house.seats.size())].id;
    const auto ask_for = [&](const conference::Command& command) {
      (void)host_->carry_out("demo", random_.chance(0.5) ? "chair" : seat, command, now_);
    };
    switch (random_.below(6)) {
      case 0:
        return ask_for(conference::OpenMicrophone{seat});
      case 1:
        return ask_for(conference::CloseMicrophone{seat});
      case 2:
        return ask_for(conference::SetLock{random_.chance(0.5)});
      case 3:
        return ask_for(conference::RaiseHand{conference::HandKind::reply});
      case 4:
        return ask_for(conference::SetStage{seat});
      default:
        return ask_for(conference::Say{"words", {}});
    }
  }
  // Until nothing waits and nothing is closed that is not recorded.
  void settle() {
    for (;;) {
      write();
      if (host_->all_recorded() && !host_->record_report("demo").trouble) return;
      if (host_->all_recorded()) {
        now_.monotonic += conference::Host::kRecordAgain;
        host_->handle_timeout(now_);
        (void)host_->carry_out("demo", "chair", conference::Say{"again", {}}, now_);
        continue;
      }
      take(next());
      if (HasFatalFailure()) return;
    }
  }
  void expect_disk_is_host() {
    recorder_->finish();
    const auto journal = reopen();
    EXPECT_EQ(**journal->load("demo"), *host_->state("demo"));
    const auto events = journal->read("demo", 0, 1'000'000);
    ASSERT_DONE(events);
    EXPECT_EQ(storage::to_words(*events), storage::to_words(told_)) << "once each, in order, nothing else";
    const auto verified = storage::verify(*journal);
    ASSERT_DONE(verified);
    EXPECT_THAT(verified->findings, ::testing::IsEmpty());
    snapshots_ = verified->snapshots;
  }

  SeededRandom random_{1};
  std::optional<conference::Host> host_;
  conference::Moment now_{TimePoint{} + 1h, conference::kNoon};
  std::optional<Batch> unwritten_;
  std::deque<Batch> under_way_;
  std::vector<RecordedEvent> told_;
  int failures_ = 0;
  std::uint64_t snapshots_ = 0;
};

TEST_P(HostedRecorderTest, TheDiskHoldsWhatTheHostToldThoughItFailsNowAndThen) {
  knobs_.spread = 7;
  begin(GetParam());
  for (int step = 0; step < 2000 && !HasFatalFailure(); ++step) {
    if (random_.chance(0.05)) knobs_.fault = static_cast<DiskFault>(random_.below(5));
    if (random_.chance(0.05)) knobs_.fault = DiskFault::none;
    ask();
    write();
    if (random_.chance(0.3))
      while (const auto result = recorder_->poll()) take(*result);
    if (random_.chance(0.02) && !host_->all_recorded()) take(next());
  }
  knobs_.fault = DiskFault::none;
  settle();
  EXPECT_GT(failures_, 3);
  EXPECT_GT(told_.size(), 100u);
  expect_disk_is_host();
}

INSTANTIATE_TEST_SUITE_P(Seeds, HostedRecorderTest, ::testing::Range<std::uint64_t>(1, 9));

TEST_F(HostedRecorderTest, SnapshotsAreWrittenOnTheWayAndAtTheEnd) {
  begin(1);
  while (told_.size() < 2 * storage::kEventsPerSnapshot + 100 && !HasFatalFailure()) {
    for (int i = 0; i < 20; ++i) ask();
    settle();
  }
  EXPECT_EQ(recorder_->counters()->failures, 0u);
  expect_disk_is_host();
  EXPECT_EQ(snapshots_, 2u) << "the given one, and the last of the others";
}

}  // namespace
}  // namespace bridgehall::app

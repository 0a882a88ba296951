#include "storage/sqlite_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "storage/crash_vfs.h"
#include "storage/storage_testing.h"

namespace bridgehall::storage {
namespace {

using conference::Batch;
using conference::Event;
using conference::Joined;
using conference::kNoon;
using conference::State;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SqliteJournalTest : public ::testing::Test {
 protected:
  static constexpr char kPath[] = "record.sqlite3";

  Outcome<void> open() {
    journal_.reset();
    auto opened = SqliteJournal::open({.path = kPath, .vfs = disk_.name()});
    if (!opened) return std::unexpected(opened.error());
    journal_ = std::move(*opened);
    return {};
  }
  void SetUp() override { ASSERT_DONE(open()); }

  static Batch batch(const std::string& conference, std::uint64_t first, std::size_t events = 1) {
    Batch made{.number = first, .conference = conference};
    for (std::size_t i = 0; i < events; ++i)
      made.events.push_back(
          {first + i, kNoon + std::chrono::seconds{first + i}, "chair", Joined{"seat-" + std::to_string(first + i)}});
    return made;
  }
  Outcome<void> append(const Batch& one) { return journal_->append({&one, 1}); }
  std::uint64_t recorded(const std::string& conference) {
    const auto state = journal_->load(conference);
    EXPECT_TRUE(state.has_value()) << state.error().message;
    return state && *state ? (*state)->sequence : 0;
  }

  CrashVfs disk_{1};
  std::unique_ptr<SqliteJournal> journal_;
};

TEST_F(SqliteJournalTest, WhatWasAppendedIsReadInOrder) {
  const Batch batches[] = {batch("a", 1, 3), batch("b", 1, 1), batch("a", 4, 2)};
  ASSERT_DONE(journal_->append(batches));
  const auto events = journal_->read("a", 1, 3);
  ASSERT_DONE(events);
  auto expected = batches[0].events;
  expected.erase(expected.begin());
  expected.push_back(batches[2].events[0]);
  EXPECT_EQ(to_words(*events), to_words(expected));
  EXPECT_TRUE(journal_->read("a", 5, 10)->empty());
  EXPECT_EQ(journal_->read("b", 0, 10)->size(), 1u);
}

TEST_F(SqliteJournalTest, EveryKindOfEventComesBackFromTheDisk) {
  SeededRandom random(3);
  const Dice dice = [&](std::uint64_t bound) { return random.below(bound); };
  GrowingConference grown("a");
  const auto all = grown.grow(dice, 300);
  ASSERT_DONE(append(all));
  ASSERT_DONE(open());
  EXPECT_EQ(to_words(*journal_->read("a", 0, 1000)), to_words(all.events));
  EXPECT_EQ(**journal_->load("a"), grown.state());
}

TEST_F(SqliteJournalTest, ItGoesOnAfterBeingOpenedAnew) {
  ASSERT_DONE(append(batch("a", 1, 3)));
  journal_.reset();
  EXPECT_FALSE(disk_.has(std::string(kPath) + "-wal"));  // an orderly end leaves one file
  ASSERT_DONE(open());
  ASSERT_DONE(append(batch("a", 4)));
  EXPECT_EQ(recorded("a"), 4u);
}

TEST_F(SqliteJournalTest, AGapIsRefusedInWordsAndCostsNothing) {
  ASSERT_DONE(append(batch("a", 1, 2)));
  const auto gap = append(batch("a", 4));
  EXPECT_EQ(refusal_of(gap), "Batch 4 has event 4 of the conference a where event 3 comes next.");
  EXPECT_EQ(gap.error().kind, FailureKind::refused);
  EXPECT_THAT(refusal_of(append(batch("a", 2))), HasSubstr("event 3 comes next"));
  EXPECT_THAT(refusal_of(append(batch("b", 2))), HasSubstr("event 1 comes next"));
  EXPECT_THAT(refusal_of(append({.number = 9, .conference = "a"})), HasSubstr("has no events"));
  const Batch within[] = {batch("a", 3), batch("a", 5)};
  EXPECT_THAT(refusal_of(journal_->append(within)), HasSubstr("event 4 comes next"));
  EXPECT_FALSE(journal_->broken());
  ASSERT_DONE(append(batch("a", 3)));
  EXPECT_EQ(recorded("a"), 3u);
  EXPECT_EQ(journal_->list()->size(), 1u);
}

TEST_F(SqliteJournalTest, WhatIsNotRecordedIsSaid) {
  EXPECT_EQ(journal_->load("none")->has_value(), false);
  EXPECT_EQ(refusal_of(journal_->read("none", 0, 1)), "The conference none is not recorded.");
  EXPECT_EQ(journal_->take_out("none").error().kind, FailureKind::missing);
}

TEST_F(SqliteJournalTest, AConferenceBuildsOnTheStateItWasGiven) {
  const auto given = conference::full_house();
  ASSERT_DONE(journal_->write_snapshot(given, Origin::given));
  GrowingConference grown(given);
  SeededRandom random(4);
  ASSERT_DONE(append(grown.grow([&](std::uint64_t bound) { return random.below(bound); }, 50)));
  ASSERT_DONE(open());
  EXPECT_EQ(**journal_->load("demo"), grown.state());
}

TEST_F(SqliteJournalTest, ASnapshotThatDoesNotFitIsRefused) {
  ASSERT_DONE(append(batch("a", 1, 2)));
  State state{.id = "a", .sequence = 3};
  EXPECT_THAT(refusal_of(journal_->write_snapshot(state, Origin::events)), HasSubstr("ends with event 2"));
  state.sequence = 1;
  EXPECT_THAT(refusal_of(journal_->write_snapshot(state, Origin::given)), HasSubstr("ends with event 2"));
  state.id = "b";
  EXPECT_THAT(refusal_of(journal_->write_snapshot(state, Origin::events)), HasSubstr("ends with event 0"));
  EXPECT_FALSE(journal_->broken());
}

TEST_F(SqliteJournalTest, OldFoldsAreForgottenAndGivenStatesAreNot) {
  ASSERT_DONE(journal_->write_snapshot({.id = "a", .title = "A"}, Origin::given));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    ASSERT_DONE(append(batch("a", i)));
    ASSERT_DONE(journal_->write_snapshot(**journal_->load("a"), Origin::events));
  }
  auto changed = **journal_->load("a");
  changed.title = "B";
  ASSERT_DONE(journal_->write_snapshot(changed, Origin::given));
  ASSERT_DONE(append(batch("a", 6)));
  EXPECT_EQ((**journal_->load("a")).title, "B");
  const auto record = journal_->take_out("a");
  ASSERT_DONE(record);
  std::vector<std::pair<std::uint64_t, Origin>> snapshots;
  for (const auto& each : record->snapshots) snapshots.emplace_back(each.state.sequence, each.origin);
  EXPECT_THAT(snapshots,
              ElementsAre(std::pair(0u, Origin::given), std::pair(5u, Origin::events), std::pair(5u, Origin::given)));
}

TEST_F(SqliteJournalTest, ConferencesAreListed) {
  const Batch batches[] = {batch("b", 1, 3), batch("a", 1, 1)};
  ASSERT_DONE(journal_->append(batches));
  const auto list = journal_->list();
  ASSERT_DONE(list);
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[1].id, "b");
  EXPECT_EQ((*list)[1].last_sequence, 3u);
  EXPECT_EQ((*list)[1].events, 3u);
  EXPECT_EQ((*list)[1].last_at, kNoon + std::chrono::seconds{3});
}

TEST_F(SqliteJournalTest, PurgeForgetsWhatHappenedInOldConferencesAndKeepsTheirState) {
  Batch batches[] = {batch("old", 1, 20), batch("new", 1, 40)};
  batches[0].events[10].event = conference::ChatSaid{{.number = 1, .seat = "chair", .text = "Between us"}};
  ASSERT_DONE(journal_->append(batches));
  auto before = **journal_->load("old");
  ASSERT_EQ(before.chat.size(), 1u);
  before.chat.clear();  // what was said is forgotten
  EXPECT_EQ(journal_->purge(kNoon + std::chrono::seconds{20}), 0u);
  EXPECT_EQ(*(*journal_->database())->number("PRAGMA auto_vacuum"), 2);
  EXPECT_EQ(journal_->purge(kNoon + std::chrono::seconds{21}), 20u);
  EXPECT_EQ(*(*journal_->database())->number("PRAGMA freelist_count"), 0);
  EXPECT_EQ(journal_->purge(kNoon + std::chrono::seconds{21}), 0u);
  ASSERT_DONE(open());
  EXPECT_EQ(**journal_->load("old"), before);
  EXPECT_EQ(journal_->read("new", 0, 100)->size(), 40u);
  ASSERT_DONE(append(batch("old", 21)));  // it goes on from there
  EXPECT_EQ(recorded("old"), 21u);
}

TEST_F(SqliteJournalTest, AConferenceIsTakenOutAndPutIntoAnother) {
  ASSERT_DONE(journal_->write_snapshot({.id = "a", .title = "A"}, Origin::given));
  ASSERT_DONE(append(batch("a", 1, 7)));
  auto record = journal_->take_out("a");
  ASSERT_DONE(record);
  EXPECT_EQ(refusal_of(journal_->put_in(*record)), "The conference a is recorded already.");
  auto other = SqliteJournal::open({.path = "other.sqlite3", .vfs = disk_.name()});
  ASSERT_DONE(other);
  auto damaged = *record;
  damaged.events.erase(damaged.events.begin() + 3);
  EXPECT_EQ(refusal_of((*other)->put_in(damaged)), "Event 4 of the conference a is missing.");
  damaged = *record;
  damaged.snapshots[0].state.id = "b";
  EXPECT_THAT(refusal_of((*other)->put_in(damaged)), HasSubstr("is none of the conference a"));
  ASSERT_DONE((*other)->put_in(*record));
  EXPECT_EQ(**(*other)->load("a"), **journal_->load("a"));
}

TEST_F(SqliteJournalTest, TheLogIsEmptiedInGoodTime) {
  SeededRandom random(5);
  const Dice dice = [&](std::uint64_t bound) { return random.below(bound); };
  GrowingConference grown("a");
  std::size_t longest = 0;
  for (int i = 0; i < 400; ++i) {
    ASSERT_DONE(append(grown.grow(dice, 100)));
    longest = std::max(longest, disk_.size(std::string(kPath) + "-wal"));
    ASSERT_DONE(journal_->tend());
  }
  EXPECT_GT(longest, std::size_t{2} << 20);
  EXPECT_LT(longest, std::size_t{6} << 20);
  EXPECT_EQ(**journal_->load("a"), grown.state());
}

// -- disks that fail --

struct FaultCase {
  DiskFault fault;
  FailureKind kind;
  const char* words;
};
constexpr FaultCase kFaults[] = {
    {DiskFault::full, FailureKind::disk_full, "The disk is full"},
    {DiskFault::sync_fails, FailureKind::disk_error, "did not keep what was written"},
    {DiskFault::write_fails, FailureKind::disk_error, "Input/output error"},
    {DiskFault::read_only, FailureKind::read_only, "is read-only"},
};

TEST_F(SqliteJournalTest, ADiskThatFailsIsToldInWordsAndRecordingGoesOnWhenItWorksAgain) {
  ASSERT_DONE(append(batch("a", 1, 3)));
  std::uint64_t next = 4;
  for (const auto& each : kFaults) {
    disk_.set_fault(each.fault);
    for (int again = 0; again < 3; ++again) {  // the second finds the journal broken
      const auto failed = append(batch("a", next, 50));
      EXPECT_THAT(refusal_of(failed), HasSubstr(each.words));
      EXPECT_EQ(failed.error().kind, each.kind) << failed.error().message;
    }
    disk_.set_fault(DiskFault::none);
    EXPECT_EQ(recorded("a"), next - 1);  // what was refused is not there
    ASSERT_DONE(append(batch("a", next, 2)));
    next += 2;
  }
  ASSERT_DONE(open());
  EXPECT_EQ(recorded("a"), next - 1);
}

TEST_F(SqliteJournalTest, ACheckpointThatFailsCostsNothing) {
  SeededRandom random(6);
  const Dice dice = [&](std::uint64_t bound) { return random.below(bound); };
  GrowingConference grown("a");
  for (const auto fault : {DiskFault::sync_fails, DiskFault::write_fails, DiskFault::read_only}) {
    while (disk_.size(std::string(kPath) + "-wal") < std::size_t{5} << 20) ASSERT_DONE(append(grown.grow(dice, 500)));
    disk_.set_fault(fault);
    EXPECT_FALSE(journal_->tend());
    EXPECT_TRUE(journal_->broken());
    disk_.set_fault(DiskFault::none);
    ASSERT_DONE(journal_->tend());
    ASSERT_DONE(append(grown.grow(dice, 1)));
    EXPECT_EQ(**journal_->load("a"), grown.state());
  }
}

TEST_F(SqliteJournalTest, ACopyIsGivenUpWhereTheRecordFailsMeanwhile) {
  const TestFolder folder("copy");
  SeededRandom random(9);
  const Dice dice = [&](std::uint64_t bound) { return random.below(bound); };
  GrowingConference grown("a");
  for (int i = 0; i < 40; ++i) ASSERT_DONE(append(grown.grow(dice, 200)));
  EXPECT_THAT(refusal_of(journal_->copy_some()), HasSubstr("given up"));  // none was begun
  ASSERT_DONE(journal_->begin_copy(folder.file("first")));
  const auto step = journal_->copy_some();
  ASSERT_DONE(step);
  ASSERT_FALSE(*step);
  disk_.set_fault(DiskFault::sync_fails);
  EXPECT_FALSE(append(batch("a", grown.state().sequence + 1)));
  disk_.set_fault(DiskFault::none);
  EXPECT_THAT(refusal_of(journal_->copy_some()), HasSubstr("given up"));
  ASSERT_DONE(append(grown.grow(dice, 1)));
  EXPECT_THAT(refusal_of(journal_->copy_some()), HasSubstr("given up"));
  ASSERT_DONE(journal_->begin_copy(folder.file("second")));
  for (bool copied = false; !copied;) {
    const auto next = journal_->copy_some();
    ASSERT_DONE(next);
    copied = *next;
  }
  const auto copy = SqliteJournal::open({.path = folder.file("second"), .access = Access::existing});
  ASSERT_DONE(copy);
  EXPECT_EQ(**(*copy)->load("a"), grown.state());
}

TEST_F(SqliteJournalTest, WhatIsRecordedCanBeReadThoughTheDiskIsFull) {
  SeededRandom random(7);
  GrowingConference grown("a");
  for (int i = 0; i < 5; ++i)
    ASSERT_DONE(append(grown.grow([&](std::uint64_t bound) { return random.below(bound); }, 200)));
  disk_.set_fault(DiskFault::full);
  const auto state = grown.state();
  EXPECT_FALSE(append(batch("a", state.sequence + 1, 100)));
  const auto loaded = journal_->load("a");
  ASSERT_DONE(loaded);
  EXPECT_EQ(**loaded, state);
  EXPECT_FALSE(append(batch("a", state.sequence + 1, 100)));
  EXPECT_EQ(**journal_->load("a"), state);
  disk_.set_fault(DiskFault::none);
  ASSERT_DONE(append(batch("a", state.sequence + 1, 100)));
}

TEST_F(SqliteJournalTest, AServerBeginsThoughTheDiskIsFull) {
  SeededRandom random(8);
  const Dice dice = [&](std::uint64_t bound) { return random.below(bound); };
  GrowingConference grown("a");
  for (int life = 0; life < 5; ++life) {
    for (int i = 0; i < 5; ++i) ASSERT_DONE(append(grown.grow(dice, 50)));
    disk_.set_fault(DiskFault::full, disk_.operations() + random.below(6));
    const auto state = grown.state();
    for (int again = 0; again < 2; ++again) {
      EXPECT_FALSE(append(batch("a", state.sequence + 1, 400)));
      EXPECT_EQ(**journal_->load("a"), state);
      ASSERT_DONE(open());
      EXPECT_EQ(**journal_->load("a"), state);
    }
    disk_.set_fault(DiskFault::none);
  }
  ASSERT_DONE(append(grown.grow(dice, 1)));
  ASSERT_DONE(open());
  EXPECT_EQ(**journal_->load("a"), grown.state());
}

TEST_F(SqliteJournalTest, AFileThatMayOnlyBeReadIsNotOpened) {
  journal_.reset();
  disk_.set_fault(DiskFault::read_only);
  const auto opened = open();
  EXPECT_THAT(refusal_of(opened), HasSubstr("record.sqlite3 is read-only"));
  EXPECT_EQ(opened.error().kind, FailureKind::read_only);
}

TEST_F(SqliteJournalTest, AnOctetThatChangedInAnEventIsFound) {
  ASSERT_DONE(append(batch("a", 1, 3)));
  auto* database = *journal_->database();
  ASSERT_DONE(database->run("UPDATE events SET event = '{\"type\":\"danced\",\"version\":1}' WHERE sequence = 2"));
  const auto read = journal_->read("a", 0, 10);
  EXPECT_THAT(refusal_of(read), HasSubstr("is damaged in the conference a: event 2: The event danced is not known"));
  EXPECT_EQ(read.error().kind, FailureKind::damaged);
}

TEST_F(SqliteJournalTest, AnEventThatIsGoneIsFound) {
  ASSERT_DONE(append(batch("a", 1, 3)));
  ASSERT_DONE((*journal_->database())->run("DELETE FROM events WHERE sequence = 2"));
  EXPECT_THAT(refusal_of(journal_->read("a", 0, 10)), HasSubstr("event 2 is not there"));
  EXPECT_THAT(refusal_of(journal_->load("a")), HasSubstr("event 2 is not there"));
}

// -- on the system's own files --

TEST(SqliteJournalFileTest, TheFileIsOursAloneWhileItIsOpen) {
  const TestFolder folder("journal");
  const auto path = folder.file("record.sqlite3");
  auto first = SqliteJournal::open({.path = path});
  ASSERT_DONE(first);
  const Batch one{.number = 1, .conference = "a", .events = {{1, kNoon, "", Joined{"x"}}}};
  ASSERT_DONE((*first)->append({&one, 1}));
  const auto second = SqliteJournal::open({.path = path});
  EXPECT_THAT(refusal_of(second), HasSubstr("is in use by another process"));
  EXPECT_EQ(second.error().kind, FailureKind::in_use);
  struct stat status {};
  for (const auto* suffix : {"", "-wal"}) {
    ASSERT_EQ(::stat((path + suffix).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
  first->reset();
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path + "-shm"));
  ASSERT_DONE(SqliteJournal::open({.path = path, .access = Access::existing}));
}

TEST(SqliteJournalFileTest, AFileThatIsNotThereIsMadeOnlyWhenAsked) {
  const TestFolder folder("journal");
  const auto path = folder.file("record.sqlite3");
  const auto missing = SqliteJournal::open({.path = path, .access = Access::existing});
  EXPECT_EQ(refusal_of(missing), "There is no record: " + path + " does not exist.");
  EXPECT_EQ(missing.error().kind, FailureKind::missing);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(refusal_of(SqliteJournal::open({.path = folder.file("none/record.sqlite3")})),
              HasSubstr("cannot be made"));
}

TEST(SqliteJournalFileTest, WhatIsNoDatabaseIsLeftAlone) {
  const TestFolder folder("journal");
  const auto path = folder.file("record.sqlite3");
  std::string noise(5000, 'x');
  FILE* file = std::fopen(path.c_str(), "w");
  std::fwrite(noise.data(), 1, noise.size(), file);
  std::fclose(file);
  const auto opened = SqliteJournal::open({.path = path});
  EXPECT_THAT(refusal_of(opened), HasSubstr("it is not an SQLite database"));
  EXPECT_EQ(std::filesystem::file_size(path), noise.size());
}

}  // namespace
}  // namespace bridgehall::storage

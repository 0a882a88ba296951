#include "storage/verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/crash_vfs.h"
#include "storage/storage_testing.h"

namespace bridgehall::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerificationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = SqliteJournal::open({.path = "record.sqlite3", .vfs = disk_.name()});
    ASSERT_DONE(opened);
    journal_ = std::move(*opened);
    ASSERT_DONE(journal_->write_snapshot(grown_.state(), Origin::given));
    grow();
    ASSERT_DONE(journal_->write_snapshot(grown_.state(), Origin::events));
    grow();
  }
  void grow() {
    const auto batch = grown_.grow([this](std::uint64_t bound) { return random_.below(bound); }, 20);
    ASSERT_DONE(journal_->append({&batch, 1}));
  }
  void change(const std::string& sql) { ASSERT_DONE((*journal_->database())->run(sql)); }
  std::vector<std::string> findings() {
    const auto done = verify(*journal_);
    EXPECT_TRUE(done.has_value());
    return done ? done->findings : std::vector<std::string>{};
  }

  CrashVfs disk_{1};
  std::unique_ptr<SqliteJournal> journal_;
  GrowingConference grown_{conference::full_house()};
  SeededRandom random_{1};
};

TEST_F(VerificationTest, ASoundRecordHasNoFindings) {
  const auto done = verify(*journal_);
  ASSERT_DONE(done);
  EXPECT_THAT(done->findings, IsEmpty());
  EXPECT_EQ(done->conferences, 1u);
  EXPECT_EQ(done->events, 40u);
  EXPECT_EQ(done->snapshots, 2u);
}

TEST_F(VerificationTest, APurgedRecordThatWentOnIsSound) {
  ASSERT_DONE(journal_->purge(conference::kNoon + std::chrono::hours{1}));
  EXPECT_THAT(findings(), IsEmpty());
  grow();
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(VerificationTest, AStateThatWasGivenLaterIsSound) {
  auto changed = grown_.state();
  changed.title = "Another";
  ASSERT_DONE(journal_->write_snapshot(changed, Origin::given));
  grown_ = GrowingConference(changed);
  grow();
  ASSERT_DONE(journal_->write_snapshot(grown_.state(), Origin::events));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(VerificationTest, GapsAreFound) {
  change("DELETE FROM events WHERE sequence = 7");
  EXPECT_THAT(findings(), ElementsAre("In the conference demo: event 7 is missing."));
  change("DELETE FROM events WHERE sequence IN (6, 8)");
  EXPECT_THAT(findings(), ElementsAre("In the conference demo: events 6 to 8 are missing."));
}

TEST_F(VerificationTest, AnEndThatASnapshotKnowsOfIsMissed) {
  change("DELETE FROM events WHERE sequence > 18");
  EXPECT_THAT(findings(), ElementsAre("In the conference demo: events 19 to 20 are missing."));
}

TEST_F(VerificationTest, EventsThatCannotBeReadAreFound) {
  change("UPDATE events SET event = '{}' WHERE sequence = 3");
  EXPECT_THAT(findings(), ElementsAre("In the conference demo: event 3: The event has no type."));
}

TEST_F(VerificationTest, SnapshotsThatAreNotWhatTheEventsLeadToAreFound) {
  change(
      "UPDATE snapshots SET state = replace(state, '\"title\":\"Demo\"', '\"title\":\"Other\"') WHERE sequence = 20");
  EXPECT_THAT(findings(),
              ElementsAre("In the conference demo: the snapshot at event 20 is not what the events lead to."));
  change("UPDATE snapshots SET state = '{}' WHERE sequence = 20");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("the snapshot at event 20: The snapshot has no version.")));
}

TEST_F(VerificationTest, FindingsAreBounded) {
  grow();
  for (int i = 0; i < 10; ++i) grow();
  change("UPDATE events SET event = '{}'");
  EXPECT_EQ(findings().size(), Verification::kMaxFindings);
}

TEST_F(VerificationTest, PagesThatAreDamagedAreFound) {
  for (int i = 0; i < 100; ++i) grow();
  journal_.reset();
  for (std::size_t at = 60'000; at < 61'000; ++at) disk_.damage("record.sqlite3", at);
  auto opened = SqliteJournal::open({.path = "record.sqlite3", .vfs = disk_.name()});
  ASSERT_DONE(opened);
  const auto done = verify(**opened);
  EXPECT_TRUE(!done || !done->findings.empty());
}

}  // namespace
}  // namespace bridgehall::storage

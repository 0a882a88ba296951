// How a server begins: with a record, without one, with rosters that were edited meanwhile, and where it must not.
#include "app/opened_record.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "storage/sqlite_journal.h"
#include "storage/storage_testing.h"
#include "storage/verification.h"

namespace bridgehall::app {
namespace {

using conference::Role;
using conference::Roster;
using storage::Origin;
using storage::refusal_of;
using storage::SqliteJournal;
using ::testing::HasSubstr;

Roster make_roster() {
  Roster roster{.id = "demo", .title = "Demo", .stage = "hall"};
  for (const auto& [id, role] : {std::pair{"hall", Role::hall}, {"chair", Role::chair}, {"a", Role::site}})
    roster.seats.push_back({.id = id, .name = id, .role = role});
  return roster;
}

class OpenedRecordTest : public ::testing::Test {
 protected:
  Result<OpenedRecord> open() { return open_record(folder_.path(), rosters_); }
  std::unique_ptr<SqliteJournal> open_file() {
    auto journal = SqliteJournal::open({.path = folder_.file("record.sqlite3")});
    EXPECT_TRUE(journal) << journal.error().message;
    return journal ? std::move(*journal) : nullptr;
  }
  // A server's life in which that many things are said.
  void say(std::size_t messages) {
    auto record = open();
    ASSERT_DONE(record);
    auto sequence = record->conferences.empty() ? 0 : record->conferences.front().state.sequence;
    conference::Batch batch{.number = 1, .conference = "demo"};
    for (std::size_t i = 0; i < messages; ++i)
      batch.events.push_back({++sequence, conference::kNoon, "hall",
                              conference::ChatSaid{{sequence, "hall", fmt::format("message {}", sequence)}}});
    ASSERT_DONE(record->journal->append({&batch, 1}));
  }
  void expect_all_well() {
    const auto done = storage::verify(*open_file());
    ASSERT_DONE(done);
    EXPECT_THAT(done->findings, ::testing::IsEmpty());
  }

  storage::TestFolder folder_{"opened-record"};
  std::vector<Roster> rosters_{make_roster()};
};

TEST_F(OpenedRecordTest, AConferenceBeginsAsItsRosterSays) {
  {
    const auto record = open();
    ASSERT_DONE(record);
    EXPECT_TRUE(record->conferences.empty()) << "there is nothing to go on with";
  }
  const auto taken = open_file()->take_out("demo");
  ASSERT_DONE(taken);
  ASSERT_EQ(taken->snapshots.size(), 1u);
  EXPECT_EQ(taken->snapshots[0].origin, Origin::given);
  EXPECT_EQ(taken->snapshots[0].state, conference::initial_state(rosters_[0]));
}

TEST_F(OpenedRecordTest, AConferenceGoesOnWithWhatPagesMayHaveMissed) {
  say(1500);
  const auto record = open();
  ASSERT_DONE(record);
  ASSERT_EQ(record->conferences.size(), 1u);
  const auto& [state, recent] = record->conferences[0];
  EXPECT_EQ(state.sequence, 1500u);
  EXPECT_EQ(state.chat.back().text, "message 1500");
  ASSERT_EQ(recent.size(), 1024u);
  EXPECT_EQ(recent.front().sequence, 477u);
  EXPECT_EQ(recent.back().sequence, 1500u);
}

TEST_F(OpenedRecordTest, AStartHasLittleToReadThoughTheServerIsKilledAgainAndAgain) {
  for (int life = 0; life < 5; ++life) {
    say(300);
    EXPECT_EQ(open_file()->events_since_snapshot("demo").value_or(0), 300u);
  }
  expect_all_well();
}

TEST_F(OpenedRecordTest, WhatWasPurgedIsNoLongerAskedFor) {
  say(1500);
  ASSERT_DONE(open_file()->purge(conference::kNoon + std::chrono::hours{1}));
  say(3);
  const auto record = open();
  ASSERT_DONE(record);
  EXPECT_EQ(record->conferences[0].state.sequence, 1503u);
  EXPECT_EQ(record->conferences[0].recent.size(), 3u);
}

TEST_F(OpenedRecordTest, NamesAndRolesAreTheRosters) {
  say(3);
  rosters_[0].title = "Another title";
  rosters_[0].seats[2].name = "Another name";
  rosters_[0].seats[2].role = Role::presenter;
  rosters_[0].stage = "a";
  for (int start = 0; start < 2; ++start) {
    auto record = open();
    ASSERT_DONE(record);
    SeededRandom random{1};
    conference::Host host({}, random);
    host.add_conference(rosters_[0]);
    host.recover(std::move(record->conferences[0]), {});
    const auto& state = *host.state("demo");
    EXPECT_EQ(state.title, "Another title");
    EXPECT_EQ(state.find("a")->name, "Another name");
    EXPECT_EQ(state.find("a")->role, Role::presenter);
    EXPECT_EQ(state.stage, "hall") << "that is how a conference begins; after that it is what people did";
    EXPECT_EQ(host.log("demo")->resumes(3), start > 0) << "pages of before have the old name";
    EXPECT_EQ(**record->journal->load("demo"), state) << "what is recorded next builds on it";
  }
  const auto taken = open_file()->take_out("demo");
  ASSERT_DONE(taken);
  EXPECT_EQ(std::count_if(taken->snapshots.begin(), taken->snapshots.end(),
                          [](const auto& snapshot) { return snapshot.origin == Origin::given; }),
            2)
      << "at the beginning, and when the roster had been edited";
  expect_all_well();
}

TEST_F(OpenedRecordTest, ASeatThatWasAddedIsAnEventAndOneThatWasTakenOutKeepsItsName) {
  say(3);
  rosters_[0].seats.erase(rosters_[0].seats.begin());
  rosters_[0].seats.push_back({.id = "new", .name = "New", .role = Role::site});
  {
    auto record = open();
    ASSERT_DONE(record);
    SeededRandom random{1};
    conference::Host host({}, random);
    host.add_conference(rosters_[0]);
    host.recover(std::move(record->conferences[0]), {});
    const auto batch = host.poll_batch();
    ASSERT_TRUE(batch);
    ASSERT_DONE(record->journal->append({&*batch, 1}));
    EXPECT_FALSE(host.find_seat("demo", "hall")) << "its link and its tokens are worth nothing";
    EXPECT_EQ(host.state("demo")->find("hall")->name, "hall") << "what it said has somebody's name";
  }
  const auto record = open();
  ASSERT_DONE(record);
  EXPECT_TRUE(record->conferences[0].state.find("new"));
  EXPECT_EQ(record->conferences[0].recent.size(), 4u);
}

TEST_F(OpenedRecordTest, AConferenceThatIsHeldNoMoreStaysRecorded) {
  say(3);
  rosters_ = {{.id = "other", .title = "Other"}};
  ASSERT_DONE(open());
  rosters_ = {make_roster()};
  const auto record = open();
  ASSERT_DONE(record);
  EXPECT_EQ(record->conferences[0].state.sequence, 3u);
}

TEST_F(OpenedRecordTest, AnotherServersRecordIsNotOpened) {
  const auto running = open();
  ASSERT_DONE(running);
  EXPECT_THAT(refusal_of(open()), HasSubstr("in use by another process"));
}

TEST_F(OpenedRecordTest, ARecordOfANewerVersionIsNotOpened) {
  ASSERT_DONE(
      (*open_file()->database())->run("INSERT INTO migrations (number, name, sha256) VALUES (99, 'later', '')"));
  EXPECT_THAT(refusal_of(open()), HasSubstr("was written by a newer Bridgehall"));
}

TEST_F(OpenedRecordTest, ADamagedRecordIsNotOpened) {
  say(3);
  ASSERT_DONE((*open_file()->database())->run("DELETE FROM events WHERE sequence = 2"));
  EXPECT_THAT(refusal_of(open()), HasSubstr("event 2 is not there"));
}

TEST_F(OpenedRecordTest, WhatIsNoRecordIsNotOpened) {
  std::filesystem::create_directories(folder_.file("record.sqlite3"));
  EXPECT_NE(refusal_of(open()), "");
}

}  // namespace
}  // namespace bridgehall::app

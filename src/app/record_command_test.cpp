#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "app/command_line.h"
#include "storage/sqlite_journal.h"
#include "storage/storage_testing.h"

namespace bridgehall::app {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int status = 0;
  std::string output, errors;
};

class RecordCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto journal = storage::SqliteJournal::open({.path = record()});
    ASSERT_DONE(journal);
    const conference::Batch batch{.number = 1,
                                  .conference = "demo",
                                  .events = {{1, conference::kNoon, "", conference::Joined{"hall"}},
                                             {2, conference::kNoon, "chair", conference::LockChanged{true}}}};
    ASSERT_DONE((*journal)->append({&batch, 1}));
    std::filesystem::create_directories(folder_.file("data/conferences"));
    std::ofstream(folder_.file("data/conferences/demo.json")) << "{\"seats\":[]}";
  }

  std::string data() {
    std::filesystem::create_directories(folder_.file("data"));
    return folder_.file("data");
  }
  std::string record() { return data() + "/record.sqlite3"; }
  static Outcome run(std::vector<std::string> words) {
    words.insert(words.begin(), "bridgehall");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = run_command_line(static_cast<int>(arguments.size()), arguments.data());
    outcome.output = ::testing::internal::GetCapturedStdout();
    outcome.errors = ::testing::internal::GetCapturedStderr();
    return outcome;
  }
  static void expect_complaint(const Outcome& outcome, int status, const std::string& words) {
    EXPECT_EQ(outcome.status, status);
    EXPECT_THAT(outcome.errors, HasSubstr(words));
    EXPECT_THAT(outcome.errors, ::testing::StartsWith("bridgehall: "));
    EXPECT_THAT(outcome.errors, ::testing::EndsWith(".\n"));
  }

  storage::TestFolder folder_{"record-command"};
};

TEST_F(RecordCommandTest, ABackupIsRestoredWithItsRosters) {
  const auto backup = folder_.file("backup"), other = folder_.file("other");
  const auto made = run({"backup", "--data", data(), "--to", backup});
  ASSERT_EQ(made.status, 0) << made.errors;
  EXPECT_THAT(made.output, HasSubstr("2 files"));
  const auto restored = run({"restore", "--data", other, "--from", backup});
  ASSERT_EQ(restored.status, 0) << restored.errors;
  EXPECT_TRUE(std::filesystem::exists(other + "/conferences/demo.json"));
  const auto verified = run({"verify", "--data", other});
  EXPECT_EQ(verified.status, 0);
  EXPECT_EQ(verified.output, "1 conference, 2 events, 0 snapshots: all is well\n");
  expect_complaint(run({"restore", "--data", other, "--from", backup}), 2, "say --replace");
  EXPECT_EQ(run({"restore", "--data", other, "--from", backup, "--replace"}).status, 0);
  expect_complaint(run({"backup", "--data", data(), "--to", backup}), 2, "is there already");
  expect_complaint(run({"restore", "--data", other, "--from", data()}), 1, "is no backup");
}

TEST_F(RecordCommandTest, ABackupIsMadeByOneOfUs) {
  expect_complaint(run({"backup", "--data", data()}), 2, "[--to,--server] is required");
  expect_complaint(run({"backup", "--data", data(), "--server", "http://127.0.0.1:1"}), 1, "cannot be reached");
}

TEST_F(RecordCommandTest, AConferenceIsExportedAndImported) {
  const auto file = folder_.file("demo.json"), other = folder_.file("other");
  std::filesystem::create_directories(other);
  ASSERT_EQ(run({"export", "--data", data(), "--conference", "demo", "--to", file}).status, 0);
  EXPECT_THAT(run({"export", "--data", data(), "--conference", "demo"}).output, HasSubstr("\"lock_changed\""));
  expect_complaint(run({"export", "--data", data(), "--conference", "none"}), 1, "none is not recorded");
  expect_complaint(run({"import", "--data", data(), "--from", file}), 2, "is recorded already");
  const auto imported = run({"import", "--data", other, "--from", file});
  EXPECT_EQ(imported.output, "demo: 2 events\n") << imported.errors;
  std::ofstream(file) << "{}";
  expect_complaint(run({"import", "--data", other, "--from", file}), 2, "cannot be imported. It is not a conference");
  expect_complaint(run({"import", "--data", other, "--from", folder_.file("none")}), 1, "cannot be read");
}

TEST_F(RecordCommandTest, WhatHappenedBeforeADayIsForgotten) {  // kNoon is on 15 January 2027
  expect_complaint(run({"purge", "--data", data(), "--before", "yesterday"}), 2, "write a day as in 2026-01-31");
  expect_complaint(run({"purge", "--data", data(), "--before", "2026-02-31"}), 2, "write a day as in 2026-01-31");
  expect_complaint(run({"purge", "--data", data(), "--older-than", "long"}), 2, "write a duration as in 365d");
  EXPECT_EQ(run({"purge", "--data", data()}).status, 2);
  EXPECT_EQ(run({"purge", "--data", data(), "--before", "2027-01-15"}).output, "0 events forgotten\n");
  EXPECT_EQ(run({"purge", "--data", data(), "--older-than", "3650d"}).output, "0 events forgotten\n");
  EXPECT_EQ(run({"purge", "--data", data(), "--before", "2027-01-16"}).output, "2 events forgotten\n");
  EXPECT_EQ(run({"verify", "--data", data()}).output, "1 conference, 0 events, 1 snapshot: all is well\n");
}

TEST_F(RecordCommandTest, ARecordThatIsNotThereOrInUseIsSaid) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"verify"},
                                                                 {"backup", "--to", folder_.file("b")},
                                                                 {"export", "--conference", "demo"},
                                                                 {"purge", "--before", "2026-01-31"}}) {
    auto missing = words, used = words;
    missing.insert(missing.end(), {"--data", folder_.file("none")});
    expect_complaint(run(missing), 1, "There is no record");
    used.insert(used.end(), {"--data", data()});
    const auto server = storage::SqliteJournal::open({.path = record()});
    ASSERT_DONE(server);
    expect_complaint(run(used), 1, "in use by another process");
  }
}

TEST_F(RecordCommandTest, DamageIsFound) {
  {
    const auto journal = storage::SqliteJournal::open({.path = record()});
    ASSERT_DONE((*(*journal)->database())->run("DELETE FROM events WHERE sequence = 1"));
  }
  const auto verified = run({"verify", "--data", data()});
  EXPECT_EQ(verified.status, 1);
  EXPECT_THAT(verified.output, HasSubstr("In the conference demo: event 1 is missing."));
}

}  // namespace
}  // namespace bridgehall::app

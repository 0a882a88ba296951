#include "storage/backup.h"

#include <fstream>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "storage/private_file.h"
#include "storage/storage_testing.h"
#include "storage/verification.h"

namespace bridgehall::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(data_ + "/conferences");
    std::ofstream(data_ + "/conferences/a.json") << "{}";
    auto opened = SqliteJournal::open({.path = data_ + "/record.sqlite3"});
    ASSERT_DONE(opened);
    journal_ = std::move(*opened);
    grow(500);
  }
  void grow(std::size_t events) {
    const auto batch = grown_.grow([this](std::uint64_t bound) { return random_.below(bound); }, events);
    ASSERT_DONE(journal_->append({&batch, 1}));
  }
  BackupOrder order() const {
    return {.data_folder = data_, .files = {"conferences/a.json"}, .target = backup_, .now = conference::kNoon};
  }
  Outcome<Manifest> back_up() { return storage::back_up(*journal_, order()); }
  static std::string content(const std::string& path) { return read_whole_file(path, 1 << 20).value_or("none"); }

  TestFolder folder_{"backup"};
  std::string data_ = folder_.file("data"), backup_ = folder_.file("backup"), other_ = folder_.file("other");
  std::unique_ptr<SqliteJournal> journal_;
  GrowingConference grown_{"a"};
  SeededRandom random_{1};
};

TEST_F(BackupTest, ItHoldsWhatWasRecordedWhenItWasMade) {
  const auto manifest = back_up();
  ASSERT_DONE(manifest);
  EXPECT_EQ(manifest->made_at, "2027-01-15T08:00:00Z");
  EXPECT_EQ(manifest->files.size(), 2u);
  const auto then = grown_.state();
  grow(10);
  ASSERT_DONE(restore(backup_, other_, Existing::refuse));
  auto restored = SqliteJournal::open({.path = other_ + "/record.sqlite3", .access = Access::existing});
  ASSERT_DONE(restored);
  EXPECT_EQ(**(*restored)->load("a"), then);
  EXPECT_TRUE(verify(**restored)->findings.empty());
  EXPECT_EQ(content(other_ + "/conferences/a.json"), "{}");
  struct stat status {};
  for (const auto& path : {backup_ + "/record.sqlite3", backup_ + "/manifest.json", other_ + "/record.sqlite3"}) {
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << path;
  }
  ASSERT_EQ(::stat(backup_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(BackupTest, ItHoldsWhatWasRecordedWhileItWasMade) {
  for (int i = 0; i < 40; ++i) grow(500);
  ASSERT_DONE(journal_->tend());
  std::optional<Backup> backup(std::in_place, *journal_, order());
  int steps = 0;
  for (bool copied = false; !copied; ++steps) {
    grow(steps % 3 == 0 ? 400 : 1);
    if (steps == 2) {
      ASSERT_DONE(journal_->write_snapshot(grown_.state(), Origin::events));
    }
    const auto step = backup->copy_some();
    ASSERT_DONE(step);
    copied = *step;
    if (steps % 2 == 0) {
      ASSERT_DONE((*journal_->database())->run("PRAGMA wal_checkpoint(TRUNCATE)"));
    }
  }
  EXPECT_GT(steps, 5);
  const auto then = grown_.state();
  grow(10);
  ASSERT_DONE(backup->complete());
  backup.reset();
  ASSERT_DONE(restore(backup_, other_, Existing::refuse));
  auto restored = SqliteJournal::open({.path = other_ + "/record.sqlite3", .access = Access::existing});
  ASSERT_DONE(restored);
  EXPECT_EQ(**(*restored)->load("a"), then);
  EXPECT_TRUE(verify(**restored)->findings.empty());
  EXPECT_EQ(**journal_->load("a"), grown_.state());
}

TEST_F(BackupTest, WhatIsGivenUpLeavesNothing) {
  for (int i = 0; i < 40; ++i) grow(500);
  std::optional<Backup> backup(std::in_place, *journal_, order());
  const auto step = backup->copy_some();
  ASSERT_DONE(step);
  ASSERT_FALSE(*step);
  EXPECT_TRUE(fs::exists(backup_));
  backup.reset();
  EXPECT_FALSE(fs::exists(backup_));
  grow(1);
  ASSERT_DONE(back_up());
}

TEST_F(BackupTest, AnEmptyFolderThatWasThereStaysThere) {
  fs::create_directories(other_);
  fs::create_directory_symlink(other_, backup_);
  fs::remove(data_ + "/conferences/a.json");
  EXPECT_FALSE(back_up());
  EXPECT_TRUE(fs::is_symlink(backup_));
  EXPECT_TRUE(fs::is_empty(other_));
}

TEST_F(BackupTest, WithoutAFileThatBelongsToItThereIsNone) {
  fs::remove(data_ + "/conferences/a.json");
  EXPECT_THAT(refusal_of(back_up()), HasSubstr("a.json cannot be read"));
  EXPECT_FALSE(fs::exists(backup_));
}

TEST_F(BackupTest, AFolderWithSomethingInItIsRefused) {
  fs::create_directories(backup_);
  ASSERT_DONE(back_up());
  EXPECT_THAT(refusal_of(back_up()), HasSubstr("is there already"));
}

TEST_F(BackupTest, WhatIsThereIsReplacedOnlyWhenAskedAndItsRecordIsKept) {
  ASSERT_DONE(back_up());
  const auto then = grown_.state();
  grow(10);
  const auto now = grown_.state();
  EXPECT_THAT(refusal_of(restore(backup_, data_, Existing::refuse)), HasSubstr("say --replace"));
  EXPECT_THAT(refusal_of(restore(backup_, data_, Existing::replace)), HasSubstr("in use by another process"));
  journal_.reset();
  ASSERT_DONE(restore(backup_, data_, Existing::replace));
  EXPECT_EQ(**(*SqliteJournal::open({.path = data_ + "/record.sqlite3"}))->load("a"), then);
  EXPECT_EQ(**(*SqliteJournal::open({.path = data_ + "/record.sqlite3.before-restore"}))->load("a"), now);
}

TEST_F(BackupTest, ADamagedRecordIsReplacedWithItsLog) {
  ASSERT_DONE(back_up());
  journal_.reset();
  std::ofstream(data_ + "/record.sqlite3") << "noise";
  std::ofstream(data_ + "/record.sqlite3-wal") << "more noise";
  ASSERT_DONE(restore(backup_, data_, Existing::replace));
  EXPECT_FALSE(fs::exists(data_ + "/record.sqlite3-wal"));
  EXPECT_EQ(**(*SqliteJournal::open({.path = data_ + "/record.sqlite3"}))->load("a"), grown_.state());
}

TEST_F(BackupTest, ABackupThatIsNotAsItWasMadeIsRefusedBeforeAnythingIsTouched) {
  ASSERT_DONE(back_up());
  const auto manifest = content(backup_ + "/manifest.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    auto changed = manifest;
    changed.replace(changed.find(from), from.size(), to);
    std::ofstream(backup_ + "/manifest.json") << changed;
    return refusal_of(restore(backup_, other_, Existing::refuse));
  };
  EXPECT_THAT(with("conferences/a.json", "../a.json"), HasSubstr("names a file outside of its folder"));
  EXPECT_THAT(with("conferences/a.json", "/etc/passwd"), HasSubstr("names a file outside of its folder"));
  EXPECT_THAT(with("conferences/a.json", "conferences/b.json"), HasSubstr("cannot be read"));
  EXPECT_THAT(with("\"schema\": 1", "\"schema\": 99"), HasSubstr("by a newer Bridgehall"));
  EXPECT_THAT(with("bridgehall-backup", "other"), HasSubstr("is not the manifest of a backup"));
  EXPECT_THAT(with("\"version\": 1", "\"version\": 2"), HasSubstr("does not know"));
  EXPECT_THAT(with("\"sha256\": \"", "\"sha256\": \"0"), HasSubstr("has no SHA-256"));
  EXPECT_THAT(with("record.sqlite3", "conferences/a.json"), HasSubstr("its size or checksum differs"));
  EXPECT_THAT(with("{", ""), HasSubstr("is no JSON"));
  std::ofstream(backup_ + "/manifest.json") << manifest;
  std::ofstream(backup_ + "/conferences/a.json") << "[]";
  EXPECT_THAT(refusal_of(restore(backup_, other_, Existing::refuse)), HasSubstr("its size or checksum differs"));
  fs::remove(backup_ + "/manifest.json");
  EXPECT_THAT(refusal_of(restore(backup_, other_, Existing::refuse)), HasSubstr("is no backup"));
  EXPECT_FALSE(fs::exists(other_));
}

}  // namespace
}  // namespace bridgehall::storage

#include "storage/migrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/storage_testing.h"

namespace bridgehall::storage {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Database> open_empty() {
  auto database = Database::open(":memory:", "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  return database ? std::move(*database) : nullptr;
}

constexpr Migration kFirst{1, "first", "CREATE TABLE a (x INTEGER) STRICT;"};
constexpr Migration kSecond{2, "second", "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b VALUES (7);"};
constexpr Migration kBoth[] = {kFirst, kSecond};

TEST(MigrationsTest, EachStepIsCarriedOutOnce) {
  const auto database = open_empty();
  ASSERT_DONE(migrate(*database, std::span(kBoth).first(1)));
  ASSERT_DONE(migrate(*database, kBoth));
  ASSERT_DONE(migrate(*database, kBoth));
  EXPECT_EQ(database->number("SELECT count(*) FROM b"), 1);
  EXPECT_EQ(*database->text("SELECT group_concat(number || name, ' ') FROM migrations"), "1first 2second");
}

TEST(MigrationsTest, AFileOfANewerVersionIsRefusedAndLeftAlone) {
  const auto database = open_empty();
  ASSERT_DONE(migrate(*database, kBoth));
  const auto done = migrate(*database, std::span(kBoth).first(1));
  EXPECT_THAT(refusal_of(done),
              HasSubstr("was written by a newer Bridgehall (its step 2, \"second\"; this one knows 1)"));
  EXPECT_EQ(done.error().kind, FailureKind::newer_version);
}

TEST(MigrationsTest, AChangedStepIsRefused) {
  const auto database = open_empty();
  ASSERT_DONE(migrate(*database, kBoth));
  const Migration changed[] = {{1, "first", "CREATE TABLE a (y INTEGER) STRICT;"}, kSecond};
  const auto done = migrate(*database, changed);
  EXPECT_THAT(refusal_of(done), HasSubstr("its checksum differs"));
  EXPECT_EQ(done.error().kind, FailureKind::damaged);
}

TEST(MigrationsTest, AStepThatIsNotNotedIsRefused) {
  const auto database = open_empty();
  ASSERT_DONE(migrate(*database, kBoth));
  ASSERT_DONE(database->run("DELETE FROM migrations WHERE number = 1"));
  EXPECT_THAT(refusal_of(migrate(*database, kBoth)), HasSubstr("its migration 1 is not noted"));
}

TEST(MigrationsTest, AStepThatFailsLeavesNothingBehind) {
  const auto database = open_empty();
  const Migration broken[] = {kFirst, {2, "broken", "CREATE TABLE c (x INTEGER) STRICT; INSERT INTO none VALUES (1);"}};
  EXPECT_FALSE(migrate(*database, broken));
  EXPECT_FALSE(database->in_transaction());
  EXPECT_EQ(database->number("SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), 0);
  ASSERT_DONE(migrate(*database, kBoth));
}

TEST(MigrationsTest, AnotherProgramsDatabaseIsLeftAlone) {
  const auto database = open_empty();
  ASSERT_DONE(database->run("CREATE TABLE music (title TEXT)"));
  EXPECT_THAT(refusal_of(migrate(*database, kBoth)), HasSubstr("another program's database"));
  EXPECT_EQ(database->number("SELECT count(*) FROM sqlite_schema"), 1);
}

// The checksums of released steps. A new one is added below; a line that is here never changes.
TEST(MigrationsTest, ReleasedStepsAreAsTheyWere) {
  const auto database = open_empty();
  ASSERT_DONE(migrate(*database, migrations()));
  EXPECT_EQ(*database->text("SELECT group_concat(number || ' ' || substr(sha256, 1, 16)) FROM migrations"),
            "1 97b26b3b398adb15");
}

}  // namespace
}  // namespace bridgehall::storage

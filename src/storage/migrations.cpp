#include "storage/migrations.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "crypto/sha256.h"

namespace bridgehall::storage {
namespace {

// Says whose file it is, to file(1) as well: "BrHl".
constexpr std::int64_t kApplicationId = 0x4272486c;

constexpr std::array kMigrations{
    Migration{.number = 1, .name = "conferences, events and snapshots", .sql = R"sql(
CREATE TABLE conferences (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE
) STRICT;

-- Clustered by conference and sequence: a conference is read as one run of pages.
CREATE TABLE events (
  conference INTEGER NOT NULL REFERENCES conferences (key),
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  at INTEGER NOT NULL,     -- milliseconds since 1970, UTC
  actor TEXT NOT NULL,     -- a seat; empty: the server
  event TEXT NOT NULL,     -- JSON with "type" and "version"
  PRIMARY KEY (conference, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  conference INTEGER NOT NULL REFERENCES conferences (key),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),  -- of the last event in it
  origin TEXT NOT NULL CHECK (origin IN ('events', 'given')),
  state TEXT NOT NULL,     -- JSON with "version"
  PRIMARY KEY (conference, sequence, origin)
) STRICT;
)sql"},
};

Outcome<void> refuse_foreign_file(Database& database) {
  const auto application = database.number("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(tables.error());
  if (*application == kApplicationId || (*application == 0 && *tables == 0)) return {};
  return fail(FailureKind::damaged,
              fmt::format("{} is no record of Bridgehall but another program's database.", database.path()));
}

// The steps that the file has had, held against ours. Gives the number of the last.
Outcome<int> compare(Database& database, std::span<const Migration> steps) {
  auto done = database.prepare("SELECT number, name, sha256 FROM migrations ORDER BY number");
  if (!done) return std::unexpected(done.error());
  int last = 0;
  const auto walked = done->each([&](Statement& row) -> Outcome<void> {
    const auto number = row.number(0);
    if (number > static_cast<std::int64_t>(steps.size()))
      return fail(FailureKind::newer_version,
                  fmt::format("{} was written by a newer Bridgehall (its step {}, \"{}\"; this one knows {}). Install "
                              "that version again, or restore the backup made before the upgrade.",
                              database.path(), number, row.text(1), steps.size()));
    if (number != last + 1)
      return fail(FailureKind::damaged, fmt::format("{} is damaged: its migration {} is not noted in it. Restore a "
                                                    "backup.",
                                                    database.path(), last + 1));
    const auto& step = steps[static_cast<std::size_t>(number - 1)];
    if (row.text(2) != crypto::sha256_hex(step.sql))
      return fail(FailureKind::damaged,
                  fmt::format("{} had another migration {} (\"{}\") than this program has: its checksum differs. It "
                              "was written by a changed program, or changed by hand. Restore a backup.",
                              database.path(), number, row.text(1)));
    last = static_cast<int>(number);
    return {};
  });
  if (!walked) return std::unexpected(walked.error());
  return last;
}

Outcome<void> carry_out(Database& database, const Migration& step) {
  Transaction transaction(database);
  if (auto begun = transaction.begin(); !begun) return begun;
  if (step.number == 1) {
    auto noted = database.run(fmt::format(
        "PRAGMA application_id = {}; "
        "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;",
        kApplicationId));
    if (!noted) return noted;
  }
  if (auto run = database.run(std::string(step.sql)); !run) return run;
  auto note = database.prepare("INSERT INTO migrations (number, name, sha256) VALUES (?1, ?2, ?3)");
  if (!note) return std::unexpected(note.error());
  if (auto run = note->run(step.number, step.name, crypto::sha256_hex(step.sql)); !run) return run;
  return transaction.commit();
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Outcome<void> migrate(Database& database, std::span<const Migration> steps) {
  if (auto ours = refuse_foreign_file(database); !ours) return ours;
  const auto noted = database.number("SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'");
  if (!noted) return std::unexpected(noted.error());
  int last = 0;
  if (*noted > 0) {
    const auto compared = compare(database, steps);
    if (!compared) return std::unexpected(compared.error());
    last = *compared;
  }
  for (const auto& step : steps.subspan(static_cast<std::size_t>(last)))
    if (auto done = carry_out(database, step); !done) return done;
  return {};
}

}  // namespace bridgehall::storage

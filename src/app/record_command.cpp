#include "app/record_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/backup_files.h"
#include "app/complaint.h"
#include "app/duration_text.h"
#include "app/token_command.h"
#include "crypto/system_random.h"
#include "load/http_client.h"
#include "storage/backup.h"
#include "storage/conference_file.h"
#include "storage/private_file.h"
#include "storage/verification.h"

namespace bridgehall::app {
namespace {

namespace fs = std::filesystem;

storage::Outcome<std::unique_ptr<storage::SqliteJournal>> open_record(const std::string& data, storage::Access access) {
  return storage::SqliteJournal::open({.path = (fs::path(data) / storage::kRecordFile).string(), .access = access});
}

// The day's beginning, UTC.
std::optional<conference::WallTime> parse_date(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0;
  char rest = 0;
  if (text.size() != 10 || text.find_first_not_of("0123456789-") != text.npos ||
      std::sscanf(text.c_str(), "%4d-%2u-%2u%c", &year, &month, &day, &rest) != 3)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

// What was asked for amiss is the command line's fault; the rest is the disk's, or that of what lies on it.
int complain_of(const storage::Failure& failure) {
  return complain(failure.message, failure.kind == storage::FailureKind::refused ? kMisused : kFailed);
}

std::string_view plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

}  // namespace

RecordCommands::RecordCommands(CLI::App& program)
    : backup_(add(program, "backup", "Copy a data folder's record, rosters and key into a folder")),
      restore_(add(program, "restore", "Put a backup into a data folder")),
      export_(add(program, "export", "Write one conference as JSON")),
      import_(add(program, "import", "Read a conference that was exported")),
      verify_(add(program, "verify", "Walk the whole record and say what is wrong with it")),
      purge_(add(program, "purge", "Forget what happened in conferences that ended long ago")) {
  auto* where = backup_->add_option_group("where");
  where->add_option("--to", folder_, "Folder for the backup: new or empty");
  where->add_option(
      "--server", server_,
      "Address of the running server, as in http://127.0.0.1:8080: it makes the backup, in the data folder");
  where->require_option(1);
  restore_->add_option("--from", folder_, "Folder of the backup")->required();
  restore_->add_flag("--replace", replace_, "Replace what is in the data folder; the record there is kept beside it");
  export_->add_option("--conference", conference_, "Id of the conference")->required();
  export_->add_option("--to", file_, "File to write; standard output when not given");
  import_->add_option("--from", file_, "File that was exported")->required();
  auto* age = purge_->add_option_group("age");
  age->add_option("--before", before_, "Conferences in which nothing happened since this day, as in 2026-01-31 (UTC)");
  age->add_option("--older-than", older_than_, "... for so long, as in 365d: for a timer");
  age->require_option(1);
}

CLI::App* RecordCommands::add(CLI::App& program, const std::string& name, const std::string& description) {
  auto* command = program.add_subcommand(name, description);
  command->add_option("--data", data_, "Data folder, of a server that is not running")->required();
  return command;
}

bool RecordCommands::given() const {
  const auto all = {backup_, restore_, export_, import_, verify_, purge_};
  return std::any_of(all.begin(), all.end(), [](const CLI::App* command) { return command->parsed(); });
}

int RecordCommands::run(conference::WallTime now) {
  if (*backup_) return back_up(now);
  if (*restore_) return restore();
  if (*export_) return export_conference();
  if (*import_) return import_conference();
  if (*verify_) return verify();
  return purge(now);
}

int RecordCommands::back_up_running(conference::WallTime now) {
  crypto::SystemRandom random;
  const auto token = make_token({.data_folder = data_, .role = "administrator", .ttl = "60"}, random,
                                std::chrono::floor<std::chrono::seconds>(now));
  if (!token) return complain(token.error().message, kMisused);
  const auto answer = load::HttpClient(server_, *token).post("/api/backups");
  if (!answer) return complain(answer.error().message, kFailed);
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  const auto text = [&](const char* member) {
    return body.is_object() && body.contains(member) && body[member].is_string() ? body[member].get<std::string>() : "";
  };
  if (answer->status != 201)
    return complain(fmt::format("The server answered {}. {}", answer->status, text("detail")), kFailed);
  fmt::print("{}\n", text("folder"));
  return 0;
}

int RecordCommands::back_up(conference::WallTime now) {
  if (!server_.empty()) return back_up_running(now);
  const auto journal = open_record(data_, storage::Access::existing);
  if (!journal) return complain_of(journal.error());
  const auto done = storage::back_up(
      **journal, {.data_folder = data_, .files = files_beside_the_record(data_), .target = folder_, .now = now});
  if (!done) return complain_of(done.error());
  std::uint64_t bytes = 0;
  for (const auto& file : done->files) bytes += file.bytes;
  fmt::print("{} files, {} bytes in {}\n", done->files.size(), bytes, folder_);
  return 0;
}

int RecordCommands::restore() {
  const auto done = storage::restore(folder_, data_, replace_ ? storage::Existing::replace : storage::Existing::refuse);
  if (!done) return complain_of(done.error());
  fmt::print("{} files of {} in {}\n", done->files.size(), done->made_at, data_);
  return 0;
}

int RecordCommands::export_conference() {
  const auto journal = open_record(data_, storage::Access::existing);
  if (!journal) return complain_of(journal.error());
  const auto record = (*journal)->take_out(conference_);
  if (!record) return complain_of(record.error());
  const auto text = storage::encode_conference(*record);
  if (file_.empty()) {
    fmt::print("{}", text);
    return 0;
  }
  const auto written = storage::write_private_file(file_, text);
  return written ? 0 : complain_of(written.error());
}

int RecordCommands::import_conference() {
  const auto text = storage::read_whole_file(file_, storage::kMaxConferenceFile);
  if (!text) return complain_of(text.error());
  const auto record = storage::decode_conference(*text);
  if (!record) return complain(fmt::format("{} cannot be imported. {}", file_, record.error().message), kMisused);
  const auto journal = open_record(data_, storage::Access::create);
  if (!journal) return complain_of(journal.error());
  if (const auto done = (*journal)->put_in(*record); !done) return complain_of(done.error());
  fmt::print("{}: {} event{}\n", record->id, record->events.size(), plural(record->events.size()));
  return 0;
}

int RecordCommands::verify() {
  const auto journal = open_record(data_, storage::Access::existing);
  if (!journal) return complain_of(journal.error());
  const auto done = storage::verify(**journal);
  if (!done) return complain_of(done.error());
  for (const auto& finding : done->findings) fmt::print("{}\n", finding);
  fmt::print("{} conference{}, {} event{}, {} snapshot{}: {}\n", done->conferences, plural(done->conferences),
             done->events, plural(done->events), done->snapshots, plural(done->snapshots),
             done->findings.empty() ? "all is well" : "damaged, restore a backup");
  return done->findings.empty() ? 0 : kFailed;
}

int RecordCommands::purge(conference::WallTime now) {
  auto before = parse_date(before_);
  if (!older_than_.empty()) {
    const auto age = parse_duration(older_than_);
    if (!age) return complain(fmt::format("--older-than is {}: write a duration as in 365d.", older_than_), kMisused);
    before = now - *age;
  }
  if (!before) return complain(fmt::format("--before is {}: write a day as in 2026-01-31.", before_), kMisused);
  const auto journal = open_record(data_, storage::Access::existing);
  if (!journal) return complain_of(journal.error());
  const auto forgotten = (*journal)->purge(*before);
  if (!forgotten) return complain_of(forgotten.error());
  fmt::print("{} event{} forgotten\n", *forgotten, plural(*forgotten));
  return 0;
}

}  // namespace bridgehall::app

#include "storage/backup.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/migrations.h"
#include "storage/private_file.h"

namespace bridgehall::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxManifest = std::size_t{64} << 20;
constexpr std::uintmax_t kRoomToSpare = std::uintmax_t{8} << 20;  // twice what the log may have, and the other files
constexpr std::string_view kKeptSuffix = ".before-restore";

std::string in(const std::string& folder, std::string_view name) { return (fs::path(folder) / name).string(); }

// With all above it that are missing, each durable in the one above.
Outcome<void> make_folder(const std::string& path) {
  std::error_code error;
  std::vector<fs::path> missing;
  for (auto each = fs::absolute(path); !fs::exists(each, error) && each != each.parent_path();
       each = each.parent_path())
    missing.push_back(each);
  fs::create_directories(path, error);
  if (error)
    return fail(FailureKind::disk_error, fmt::format("The folder {} cannot be made: {}.", path, error.message()));
  for (const auto& made : missing)
    if (auto synced = sync_folder(made.parent_path().string()); !synced) return synced;
  return {};
}

Outcome<void> make_empty_folder(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error) && !(fs::is_directory(path, error) && fs::is_empty(path, error)))
    return fail(FailureKind::refused,
                fmt::format("{} is there already: name a folder that is not, or is empty.", path));
  if (auto made = make_folder(path); !made) return made;
  ::chmod(path.c_str(), 0700);  // what people said, and the key of all links
  return {};
}

// So that the record itself does not run out of room because of its copy.
Outcome<void> check_room(const std::string& record, const std::string& target) {
  std::error_code error;
  const auto bytes = fs::file_size(record, error);
  if (error) return {};  // there is none on this disk; a journal's in a test
  const auto room = fs::space(target, error).available;
  if (error || room >= bytes + kRoomToSpare) return {};
  return fail(FailureKind::disk_full,
              fmt::format("The disk is too full for a backup: the record has {} MiB, and {} has room for {} MiB.",
                          bytes >> 20, target, room >> 20));
}

Outcome<BackupFile> described(const std::string& folder, const std::string& name) {
  const auto digest = digest_file(in(folder, name));
  if (!digest) return std::unexpected(digest.error());
  return BackupFile{name, digest->bytes, digest->sha256};
}

Outcome<Manifest> read_manifest(const std::string& backup) {
  const auto path = in(backup, kManifestFile);
  const auto text = read_whole_file(path, kMaxManifest);
  if (!text && text.error().kind == FailureKind::missing)
    return fail(FailureKind::missing, fmt::format("{} is no backup: it has no {}.", backup, kManifestFile));
  if (!text) return std::unexpected(text.error());
  auto manifest = decode_manifest(*text);
  if (!manifest) return fail(FailureKind::damaged, fmt::format("{} {}.", path, manifest.error().message));
  return std::move(*manifest);
}

Outcome<void> check_files(const std::string& backup, const Manifest& manifest) {
  bool record = false;
  for (const auto& file : manifest.files) {
    const auto found = described(backup, file.name);
    if (!found) return std::unexpected(found.error());
    if (*found != file)
      return fail(FailureKind::damaged, fmt::format("{} in the backup {} is not what was backed up: its size or "
                                                    "checksum differs from the manifest's.",
                                                    file.name, backup));
    record |= file.name == kRecordFile;
  }
  if (!record) return fail(FailureKind::damaged, fmt::format("The backup {} has no {}.", backup, kRecordFile));
  if (manifest.schema > migrations().size())
    return fail(FailureKind::newer_version,
                fmt::format("The backup {} was made by a newer Bridgehall (schema {}; this one knows {}).", backup,
                            manifest.schema, migrations().size()));
  return {};
}

// Nobody else may have the record open; a damaged one is no obstacle, it is why one restores.
Outcome<void> make_room(const std::string& data_folder, const Manifest& manifest, Existing existing) {
  std::error_code error;
  if (existing == Existing::refuse)
    for (const auto& file : manifest.files)
      if (fs::exists(in(data_folder, file.name), error))
        return fail(FailureKind::refused, fmt::format("{} is there already. Nothing was restored; say --replace if the "
                                                      "backup is to take its place.",
                                                      in(data_folder, file.name)));
  const auto record = in(data_folder, kRecordFile);
  if (!fs::exists(record, error)) return {};
  if (const auto opened = SqliteJournal::open({.path = record, .access = Access::existing});
      !opened && opened.error().kind == FailureKind::in_use)
    return std::unexpected(opened.error());
  for (const auto* suffix : {"", "-wal", "-journal"}) {  // a log left behind would be played into the restored record
    const auto from = record + suffix;
    if (!fs::exists(from, error)) continue;
    fs::rename(from, fmt::format("{}{}{}", record, kKeptSuffix, suffix), error);
    if (error) return fail(FailureKind::disk_error, fmt::format("{} cannot be renamed: {}.", from, error.message()));
  }
  return sync_folder(data_folder);
}

}  // namespace

Backup::~Backup() {
  if (made_ != Made::part) return;
  std::error_code error;
  for (fs::directory_iterator entry(order_.target, error), end; !error && entry != end; entry.increment(error))
    fs::remove_all(entry->path(), error);
  if (!folder_was_there_) fs::remove(order_.target, error);
}

Outcome<void> Backup::begin() {
  std::error_code error;
  folder_was_there_ = fs::exists(order_.target, error);
  if (auto made = make_empty_folder(order_.target); !made) return made;
  made_ = Made::part;
  if (auto room = check_room(journal_.file().path, order_.target); !room) return room;
  return journal_.begin_copy(in(order_.target, kRecordFile));
}

Outcome<bool> Backup::copy_some() {
  if (made_ == Made::nothing)
    if (auto begun = begin(); !begun) return std::unexpected(begun.error());
  return journal_.copy_some();
}

Outcome<Manifest> Backup::complete() {
  const std::string record(kRecordFile);
  if (auto synced = sync_file(in(order_.target, record)); !synced) return std::unexpected(synced.error());
  Manifest manifest{
      .made_at = fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(order_.now)),
      .schema = migrations().size(),
  };
  auto files = order_.files;
  files.insert(files.begin(), record);
  for (const auto& name : files) {
    const auto to = in(order_.target, name);
    if (name != record) {
      if (auto made = make_folder(fs::path(to).parent_path().string()); !made) return std::unexpected(made.error());
      if (auto copied = copy_private_file(in(order_.data_folder, name), to); !copied)
        return std::unexpected(copied.error());
    }
    auto file = described(order_.target, name);
    if (!file) return std::unexpected(file.error());
    manifest.files.push_back(std::move(*file));
  }
  if (auto written = write_private_file(in(order_.target, kManifestFile), encode_manifest(manifest)); !written)
    return std::unexpected(written.error());
  made_ = Made::backup;
  return manifest;
}

Outcome<Manifest> back_up(SqliteJournal& journal, const BackupOrder& order) {
  Backup backup(journal, order);
  for (;;) {
    const auto copied = backup.copy_some();
    if (!copied) return std::unexpected(copied.error());
    if (*copied) return backup.complete();
  }
}

Outcome<Manifest> restore(const std::string& backup, const std::string& data_folder, Existing existing) {
  auto manifest = read_manifest(backup);
  if (!manifest) return manifest;
  if (auto good = check_files(backup, *manifest); !good) return std::unexpected(good.error());
  if (auto made = make_folder(data_folder); !made) return std::unexpected(made.error());
  if (auto room = make_room(data_folder, *manifest, existing); !room) return std::unexpected(room.error());
  for (const auto& file : manifest->files) {
    const auto to = in(data_folder, file.name);
    if (auto made = make_folder(fs::path(to).parent_path().string()); !made) return std::unexpected(made.error());
    if (auto copied = copy_private_file(in(backup, file.name), to); !copied) return std::unexpected(copied.error());
  }
  return manifest;
}

}  // namespace bridgehall::storage

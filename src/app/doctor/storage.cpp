#include "app/doctor/storage.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace bridgehall::app::doctor {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::uint64_t kFull = 16 * kMebibyte;
constexpr std::uint64_t kLow = 512 * kMebibyte;

std::string size_text(std::uint64_t bytes) {
  return bytes < 1024 * kMebibyte ? fmt::format("{} MiB", bytes / kMebibyte)
                                  : fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1024.0 * kMebibyte));
}

}  // namespace

StorageFacts gather_storage(const Configuration& c) {
  StorageFacts facts{.folder = c.data_folder, .exists = false, .obstacle = {}, .free_bytes = 0};
  std::error_code error;
  auto place = std::filesystem::absolute(c.data_folder, error);
  facts.exists = std::filesystem::exists(place, error);
  while (!std::filesystem::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  if (!std::filesystem::is_directory(place, error))
    facts.obstacle = "it is no folder";
  else if (access(place.c_str(), R_OK | W_OK | X_OK) != 0)
    facts.obstacle = std::strerror(errno);
  struct statvfs status {};
  if (statvfs(place.c_str(), &status) == 0) facts.free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
  return facts;
}

Findings check_storage(const StorageFacts& facts) {
  const Values values{{"folder", facts.folder}, {"free", size_text(facts.free_bytes)}};
  if (!facts.obstacle.empty())
    return {make_finding(Level::problem, "storage.unwritable", {{"folder", facts.folder}, {"reason", facts.obstacle}})};
  Findings findings;
  if (!facts.exists) findings.push_back(make_finding(Level::ok, "storage.absent", values));
  if (facts.free_bytes < kFull)
    findings.push_back(make_finding(Level::problem, "storage.full", values));
  else if (facts.free_bytes < kLow)
    findings.push_back(make_finding(Level::attention, "storage.low", values));
  else if (facts.exists)
    findings.push_back(make_finding(Level::ok, "storage.ok", values));
  return findings;
}

}  // namespace bridgehall::app::doctor

#include "app/time_zone.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace bridgehall::app {
namespace {

namespace fs = std::filesystem;

// What the folder also holds: copies of all zones, and what pages know by no name.
constexpr std::array<std::string_view, 5> kOthers{"posix/", "right/", "posixrules", "localtime", "Factory"};

bool is_zone_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
         c == '-' || c == '+';
}

// Without dots and not from the root: it leads nowhere but into the folder.
bool is_written_like_one(std::string_view name) {
  return !name.empty() && name.size() <= kMaxTimeZone && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), is_zone_character) &&
         std::none_of(kOthers.begin(), kOthers.end(), [&](auto other) { return name.starts_with(other); });
}

}  // namespace

bool is_time_zone(std::string_view name, const std::string& zone_folder) {
  if (!is_written_like_one(name)) return false;
  std::error_code error;
  if (!fs::is_directory(zone_folder, error)) return true;
  std::array<char, 4> magic{};
  std::ifstream(fs::path(zone_folder) / name, std::ios::binary).read(magic.data(), magic.size());
  return std::string_view(magic.data(), magic.size()) == "TZif";  // RFC 8536
}

}  // namespace bridgehall::app

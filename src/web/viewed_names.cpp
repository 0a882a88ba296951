#include "web/viewed_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "conference/directory.h"
#include "conference/policy.h"
#include "web/problem.h"

namespace bridgehall::web {
namespace {

constexpr std::size_t kLongestQuoted = 64;

Response bad_name(std::string detail) { return make_problem({400, "bad-name", std::move(detail), "publication"}); }

}  // namespace

Response refuse_name(std::string_view name) {
  return bad_name(
      fmt::format("A publication's name has 1 to 64 letters, digits, dots, hyphens or underscores; \"{}\" is none.",
                  name.substr(0, kLongestQuoted)));
}

std::expected<std::vector<std::string>, Response> read_viewed_names(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto name = text.substr(begin, end - begin);
    if (!conference::is_valid_name(name)) return std::unexpected(refuse_name(name));
    if (names.size() == conference::kMaxViewed)
      return std::unexpected(bad_name(fmt::format("One session views {} names at most.", conference::kMaxViewed)));
    if (std::find(names.begin(), names.end(), name) != names.end())
      return std::unexpected(bad_name(fmt::format("{} is named twice.", name)));
    names.emplace_back(name);
    begin = end + 1;
  }
  return names;
}

}  // namespace bridgehall::web

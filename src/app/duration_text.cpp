#include "app/duration_text.h"

#include <charconv>

namespace bridgehall::app {

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  constexpr std::int64_t kMost = 10 * 366 * 86'400LL;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number <= 0 || number > kMost) return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  std::int64_t scale = 0;
  if (unit.empty() || unit == "s") scale = 1;
  if (unit == "m") scale = 60;
  if (unit == "h") scale = 3600;
  if (unit == "d") scale = 86'400;
  if (scale == 0 || number > kMost / scale) return std::nullopt;
  return std::chrono::seconds{number * scale};
}

}  // namespace bridgehall::app

// Durations as people write them on the command line.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace bridgehall::app {

// "90" (seconds), "45s", "30m", "12h", "7d"; more than nothing and at most ten years.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace bridgehall::app

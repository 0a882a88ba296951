// Where log lines go and what they look like: standard error, as text for people or as JSON objects (RFC 3339 times in
// UTC) for programs. Never a token: nothing that logs is handed one.
#pragma once

#include <string>

namespace bridgehall::app {

void start_logging(const std::string& level, const std::string& format);

// `text` as the inside of a JSON string.
std::string json_escaped(std::string_view text);

}  // namespace bridgehall::app

// How the load generators write their results down: durations as numbers, rows of a table, files.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace bridgehall::load {

inline double milliseconds(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }
inline double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// "name      value", with the values one below the other.
std::string table_row(std::string_view name, std::string_view value);

// False when it cannot be written.
bool write_file(const std::string& path, std::string_view text);

}  // namespace bridgehall::load

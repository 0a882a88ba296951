#include "load/output.h"

#include <fstream>

#include <fmt/format.h>

namespace bridgehall::load {

std::string table_row(std::string_view name, std::string_view value) { return fmt::format("{:<36} {}\n", name, value); }

bool write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path);
  file << text;
  return static_cast<bool>(file.flush());
}

}  // namespace bridgehall::load

// Replays one seed, or sweeps over many: `simulate --seed N [--verbose]`, `simulate --from N --count M`.
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "sim/scenario.h"

namespace {

constexpr std::string_view kUsage =
    "Usage: simulate --seed N [--verbose]\n"
    "       simulate --from N --count M\n"
    "Runs the media core with model clients in virtual time. The same seed makes the same run.\n";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

bool run(std::uint64_t seed, bool verbose) {
  const auto result = bridgehall::sim::run_scenario(seed, verbose);
  fmt::print("seed {}: {}; trace {:016x}\n", seed, result.summary, result.trace);
  for (const auto& violation : result.violations) fmt::print("  VIOLATED {}\n", violation);
  return result.violations.empty();
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t from = 1, count = 1;
  bool verbose = false, usable = argc > 1;
  for (int i = 1; i < argc && usable; ++i) {
    const std::string_view name = argv[i];
    if (name == "--verbose") {
      verbose = true;
      continue;
    }
    const auto value = i + 1 < argc ? number(argv[++i]) : std::nullopt;
    if (value && (name == "--seed" || name == "--from"))
      from = *value;
    else if (value && name == "--count")
      count = *value;
    else
      usable = false;
  }
  if (!usable) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  std::uint64_t failed = 0;
  for (auto seed = from; seed < from + count; ++seed) failed += !run(seed, verbose);
  if (count > 1) fmt::print("{} seeds, {} failed\n", count, failed);
  return failed == 0 ? 0 : 1;
}

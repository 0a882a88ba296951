// Replays one seed, or sweeps over many: `simulate --seed N [--verbose]`, `simulate --from N --count M`. tools/sweep
// runs it on all CPUs.
#include <charconv>
#include <optional>
#include <string_view>

#include "sim/scenario.h"
#ifdef BRIDGEHALL_CONFERENCES
#include "sim/conference_scenario.h"
#endif

namespace {

using bridgehall::sim::ScenarioResult;

constexpr std::string_view kUsage =
    "Usage: simulate [--media | --conference] --seed N [--verbose]\n"
    "       simulate [--media | --conference] --from N --count M\n"
    "Runs in virtual time: the media core with model clients, and the whole server with the pages of a conference, or\n"
    "one of them. The same seed makes the same run.\n";

struct Kind {
  std::string_view name;
  ScenarioResult (*run)(std::uint64_t seed, bool verbose);
};
constexpr Kind kKinds[] = {
    {"--media", bridgehall::sim::run_scenario},
#ifdef BRIDGEHALL_CONFERENCES
    {"--conference", bridgehall::sim::run_conference},
#endif
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

bool run(std::string_view program, const Kind& kind, std::uint64_t seed, bool verbose) {
  const auto result = kind.run(seed, verbose);
  fmt::print("{} --seed {}: {}; trace {:016x}\n", kind.name, seed, result.summary, result.trace);
  for (const auto& violation : result.violations) fmt::print("  VIOLATED {}\n", violation);
  if (!result.violations.empty()) fmt::print("  replay it with: {} {} --seed {} --verbose\n", program, kind.name, seed);
  std::fflush(stdout);
  return result.violations.empty();
}

const Kind* find_kind(std::string_view name) {
  for (const auto& kind : kKinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t from = 1, count = 1;
  bool verbose = false, usable = argc > 1;
  const Kind* only = nullptr;
  for (int i = 1; i < argc && usable; ++i) {
    const std::string_view name = argv[i];
    if (name == "--verbose") {
      verbose = true;
      continue;
    }
    if (const auto* kind = find_kind(name)) {
      only = kind;
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
  std::uint64_t runs = 0, failed = 0;
  for (auto seed = from; seed < from + count; ++seed)
    for (const auto& kind : kKinds)
      if (only == nullptr || only == &kind) ++runs, failed += !run(argv[0], kind, seed, verbose);
  if (runs > 1) fmt::print("{} runs, {} failed\n", runs, failed);
  return failed == 0 ? 0 : 1;
}

#include "load/conference.h"

#include <cstdio>

#include <fmt/format.h>

#include "load/conference_run.h"
#include "load/output.h"
#include "load/pinning.h"

namespace bridgehall::load {
int run_conference(const ConferenceOptions& options) {
  auto recording = Recording::load(options.recording);
  if (!recording) {
    fmt::print(stderr, "{}\n", recording.error().message);
    return 1;
  }
  if (options.cpu >= 0) pin_to_cpu(options.cpu);
  fmt::print("{} sites and {} watchers with {} tiles each, {:.0f} s after {:.0f} s of warm-up …\n", options.sites,
             options.watchers, options.slots, in_seconds(options.duration), in_seconds(options.warm_up));
  std::fflush(stdout);
  ConferenceRun run(options, std::move(*recording));
  if (const auto done = run.run(); !done) {
    fmt::print(stderr, "{}\n", done.error().message);
    return 1;
  }
  const auto& result = run.result();
  fmt::print("{}", to_table(options, result));
  if (!options.json_path.empty() && !write_file(options.json_path, to_json(options, result))) {
    fmt::print(stderr, "{} cannot be written.\n", options.json_path);
    return 1;
  }
  const bool steady = result.samples.empty() || result.verdict(options).passed();
  return result.joined == result.asked && result.lost == 0 && steady ? 0 : 1;
}

}  // namespace bridgehall::load

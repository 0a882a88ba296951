#include "load/load.h"

#include <cstdio>

#include <fmt/format.h>

#include "load/generator.h"
#include "load/output.h"
#include "load/pinning.h"

namespace bridgehall::load {
int run_load(const LoadOptions& options) {
  if (options.publishers < 0 || options.viewers < 0 || options.kbps < 1 || !(options.audio || options.video)) {
    fmt::print(stderr, "Audio or video, and a rate above 0, are needed.\n");
    return 1;
  }
  if (options.together && static_cast<std::size_t>(options.publishers) > kMaxTogether) {
    fmt::print(stderr, "One session holds {} publications at most.\n", kMaxTogether);
    return 1;
  }
  if (options.cpu >= 0) pin_to_cpu(options.cpu);
  const auto sent = !options.video ? "Opus" : fmt::format("{} kb/s{}", options.kbps, options.audio ? " and Opus" : "");
  fmt::print("{} publisher(s) of {}, {} viewers{}, {:.0f} s after {:.0f} s of warm-up …\n", options.publishers, sent,
             options.viewers, options.together ? " of all" : "", in_seconds(options.duration),
             in_seconds(options.warm_up));
  std::fflush(stdout);
  Generator generator(options);
  if (const auto done = generator.run(); !done) {
    fmt::print(stderr, "{}\n", done.error().message);
    return 1;
  }
  const auto& result = generator.result();
  fmt::print("{}", to_table(options, result));
  if (!options.json_path.empty() && !write_file(options.json_path, to_json(options, result))) {
    fmt::print(stderr, "{} cannot be written.\n", options.json_path);
    return 1;
  }
  return result.viewers_joined == options.viewers ? 0 : 1;
}

}  // namespace bridgehall::load

#include "load/flood_run.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "load/flood_process.h"
#include "load/generator.h"
#include "load/output.h"
#include "load/pinning.h"

namespace bridgehall::load {
namespace {

constexpr Duration kSettle = 1s;  // between windows: what the flood left in queues is gone, or it has begun

// "http://127.0.0.1:8080" or "http://[::1]:8080": the floods want an address, not a name.
std::optional<FloodTarget> target_of(const FloodOptions& options) {
  std::string_view rest = options.load.server;
  if (!rest.starts_with("http://")) return std::nullopt;
  rest.remove_prefix(7);
  rest = rest.substr(0, rest.find('/'));
  FloodTarget target{.host = std::string(rest), .conference = options.load.conference};
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']')) return std::nullopt;
  auto name = rest.substr(0, colon);
  if (name == "localhost") name = "127.0.0.1";
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  const auto ip = IpAddress::parse(name);
  if (!ip) return std::nullopt;
  target.http = {*ip, static_cast<std::uint16_t>(std::atoi(std::string(rest.substr(colon + 1)).c_str()))};
  return target;
}

class FloodRun {
 public:
  FloodRun(const FloodOptions& options, FloodTarget target)
      : options_(options), target_(std::move(target)), generator_(options.load) {}

  Result<void> run() {
    if (auto joined = generator_.join(); !joined) return joined;
    target_.media = generator_.media_address();
    target_.ufrag = generator_.a_ufrag();
    auto peace = measure();
    for (int round = 0; round < options_.rounds; ++round) {
      for (const auto kind : kinds()) {
        auto flooded = flood(kind, peace);
        if (!flooded) return std::unexpected(flooded.error());
        peace = flooded->after;
        rounds_.push_back(*flooded);
      }
    }
    generator_.leave();
    return {};
  }
  const std::vector<FloodRound>& rounds() const { return rounds_; }
  bool all_joined() const { return generator_.joined() == options_.load.viewers; }

 private:
  std::vector<FloodKind> kinds() const {
    if (!options_.kinds.empty()) return options_.kinds;
    std::vector<FloodKind> all;
    for (std::size_t i = 0; i < kFloodKinds; ++i) all.push_back(static_cast<FloodKind>(i));
    return all;
  }

  FloodWindow measure() {
    generator_.measure();
    const auto& result = generator_.result();
    FloodWindow window{.p50 = result.latency.percentile(0.5),
                       .p99 = result.latency.percentile(0.99),
                       .max = result.latency.max(),
                       .gap_ratio = result.gap_ratio(),
                       .machine_was_busy = result.usage.machine_was_busy()};
    if (result.usage.server_cpu) window.server_share = in_seconds(*result.usage.server_cpu) / result.usage.seconds;
    return window;
  }

  Result<FloodRound> flood(FloodKind kind, const FloodWindow& before) {
    FloodRound round{.kind = kind, .rate = options_.rate > 0 ? options_.rate : default_rate(kind), .before = before};
    fmt::print("{} at {}/s …\n", flood_name(kind), round.rate);
    std::fflush(stdout);
    const auto lost_before = generator_.lost();
    const auto began = ClientLoop::now();
    auto process = FloodProcess::start(kind, round.rate, target_, options_.flood_cpu);
    if (!process) return std::unexpected(process.error());
    generator_.wait(kSettle);
    round.during = measure();
    round.seconds = in_seconds(ClientLoop::now() - began);
    const auto counts = process->stop();
    if (!counts) return fail(fmt::format("The flood {} broke off.", flood_name(kind)));
    round.counts = *counts;
    generator_.wait(kSettle);
    round.after = measure();
    round.lost = generator_.lost() - lost_before;
    return round;
  }

  const FloodOptions& options_;
  FloodTarget target_;
  Generator generator_;
  std::vector<FloodRound> rounds_;
};

}  // namespace

int run_flood(const FloodOptions& options) {
  const auto target = target_of(options);
  if (!target) {
    fmt::print(stderr, "A flood needs the server's address and port as http://127.0.0.1:8080.\n");
    return 1;
  }
  if (options.load.cpu >= 0) pin_to_cpu(options.load.cpu);
  fmt::print("{} publisher(s) of {} kb/s, {} viewers; windows of {:.0f} s …\n", options.load.publishers,
             options.load.kbps, options.load.viewers, in_seconds(options.load.duration));
  std::fflush(stdout);
  FloodRun run(options, *target);
  if (const auto done = run.run(); !done) {
    fmt::print(stderr, "{}\n", done.error().message);
    return 1;
  }
  fmt::print("{}", to_table(run.rounds()));
  if (!options.load.json_path.empty() && !write_file(options.load.json_path, to_json(options, run.rounds()))) {
    fmt::print(stderr, "{} cannot be written.\n", options.load.json_path);
    return 1;
  }
  const bool none_lost =
      std::all_of(run.rounds().begin(), run.rounds().end(), [](const auto& r) { return r.lost == 0; });
  return run.all_joined() && none_lost ? 0 : 1;
}

}  // namespace bridgehall::load

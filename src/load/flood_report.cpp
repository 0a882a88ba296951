#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "load/flood_run.h"
#include "load/output.h"
#include "load/statistics.h"

namespace bridgehall::load {
namespace {

template <class Value>
double median_of(std::span<const FloodRound* const> rounds, Value&& value) {
  std::vector<double> values;
  for (const auto* round : rounds) values.push_back(value(*round));
  return median(std::move(values));
}

std::string percent(std::optional<double> share) {
  return share ? fmt::format("{:.0f} %", *share * 100) : std::string("?");
}

// Out of it come as many octets as went in, at most, or none at all: those who sent nothing that authenticates.
std::string answered(const FloodCounts& counts) {
  if (counts.octets_received == 0) return "nothing";
  return fmt::format("{:.2f}", static_cast<double>(counts.octets_received) /
                                   static_cast<double>(std::max<std::uint64_t>(counts.octets_sent, 1)));
}

}  // namespace

std::string to_table(std::span<const FloodRound> rounds) {
  std::string out =
      fmt::format("{:<13} {:>8} {:>8} {:>12} {:>12} {:>11} {:>18} {:>9} {:>10} {:>6}\n", "flood", "rate/s", "sent/s",
                  "p99 in peace", "p99 flooded", "difference", "server CPU", "gaps", "answered", "lost");
  bool busy = false;
  for (std::size_t kind = 0; kind < kFloodKinds; ++kind) {
    std::vector<const FloodRound*> own;
    for (const auto& round : rounds)
      if (round.kind == static_cast<FloodKind>(kind)) own.push_back(&round);
    if (own.empty()) continue;
    const auto& first = *own.front();
    int lost = 0;
    for (const auto* round : own) {
      lost += round->lost;
      busy |= round->before.machine_was_busy || round->during.machine_was_busy || round->after.machine_was_busy;
    }
    out += fmt::format(
        "{:<13} {:>8} {:>8.0f} {:>9.2f} ms {:>9.2f} ms {:>+8.2f} ms {:>18} {:>9.1e} {:>10} {:>6}\n",
        flood_name(first.kind), first.rate,
        median_of(own, [](const auto& r) { return static_cast<double>(r.counts.sent) / std::max(r.seconds, 1e-3); }),
        median_of(own, [](const auto& r) { return milliseconds(r.p99_in_peace()); }),
        median_of(own, [](const auto& r) { return milliseconds(r.during.p99); }),
        median_of(own, [](const auto& r) { return milliseconds(r.difference()); }),
        fmt::format("{} → {}", percent(first.before.server_share), percent(first.during.server_share)),
        median_of(own, [](const auto& r) { return r.during.gap_ratio; }), answered(first.counts), lost);
  }
  if (busy) out += "Others on the machine made the server or the generator wait: these figures tell of them too.\n";
  return out;
}

std::string to_json(const FloodOptions& options, std::span<const FloodRound> rounds) {
  const auto window = [](const FloodWindow& w) {
    nlohmann::ordered_json json{{"p50_ms", milliseconds(w.p50)},
                                {"p99_ms", milliseconds(w.p99)},
                                {"max_ms", milliseconds(w.max)},
                                {"gap_ratio", w.gap_ratio},
                                {"machine_was_busy", w.machine_was_busy}};
    if (w.server_share) json["server_share"] = *w.server_share;
    return json;
  };
  nlohmann::ordered_json json;
  json["options"] = {{"publishers", options.load.publishers},
                     {"viewers", options.load.viewers},
                     {"kbps", options.load.kbps},
                     {"seconds", in_seconds(options.load.duration)}};
  json["rounds"] = nlohmann::ordered_json::array();
  for (const auto& round : rounds)
    json["rounds"].push_back({{"flood", flood_name(round.kind)},
                              {"rate", round.rate},
                              {"seconds", round.seconds},
                              {"sent", round.counts.sent},
                              {"failed", round.counts.failed},
                              {"octets_sent", round.counts.octets_sent},
                              {"octets_received", round.counts.octets_received},
                              {"before", window(round.before)},
                              {"during", window(round.during)},
                              {"after", window(round.after)},
                              {"difference_ms", milliseconds(round.difference())},
                              {"lost", round.lost}});
  return json.dump(2) + "\n";
}

}  // namespace bridgehall::load

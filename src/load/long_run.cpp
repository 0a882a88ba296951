#include "load/long_run.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "load/output.h"
#include "load/statistics.h"

namespace bridgehall::load {
namespace {

template <class Get>
std::vector<double> column(std::span<const RunSample> samples, Get&& get) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const auto& sample : samples) values.push_back(get(sample));
  return values;
}

double largest_spread(const std::vector<double>& values, double middle) {
  double largest = 0;
  for (const auto value : values) largest = std::max(largest, std::abs(value - middle));
  return middle > 0 ? largest / middle : 0;
}

const char* word(bool good) { return good ? "ok" : "NOT KEPT"; }

}  // namespace

LongRunVerdict judge(std::span<const RunSample> samples, DescriptorEnds ends, const LongRunLimits& limits) {
  LongRunVerdict v{.ends = ends};
  for (const auto& sample : samples) v.failures += sample.failures;
  const auto settled =
      std::find_if(samples.begin(), samples.end(), [&](const auto& sample) { return sample.at >= limits.settle; });
  const std::span<const RunSample> judged(settled, samples.end());
  v.judged = judged.size();
  v.enough = judged.size() >= limits.least_samples;
  v.server_seen = !judged.empty() &&
                  std::all_of(judged.begin(), judged.end(), [](const auto& sample) { return sample.resident_kib > 0; });
  if (judged.empty()) return v;

  const auto memory = column(judged, [](const auto& s) { return static_cast<double>(s.resident_kib); });
  v.memory_median_kib = median(memory);
  v.memory_spread = largest_spread(memory, v.memory_median_kib);
  v.memory_flat = v.memory_spread <= limits.memory;

  const auto times = column(judged, [](const auto& s) { return in_seconds(s.at); });
  const auto latency = column(judged, [](const auto& s) { return s.latency_p99_ms; });
  v.latency_median_ms = median(latency);
  v.latency_rise_ms = std::max(robust_rise(times, latency), rise_by_thirds(latency));
  v.latency_limit_ms = std::max(limits.latency_floor_ms, limits.latency * v.latency_median_ms);
  v.latency_steady = v.latency_rise_ms <= v.latency_limit_ms;

  const auto others = column(judged, [](const auto& s) { return static_cast<double>(s.descriptors - s.members); });
  v.descriptors_rise = rise_by_thirds(others);
  v.descriptors_kept = v.descriptors_rise <= limits.descriptors && ends.after - ends.before <= limits.descriptors;
  return v;
}

std::string sample_head() {
  return " minute  members  MiB    files  threads  CPU   p50 / p99 ms     packets  lost  came  picture p95  failures\n";
}

std::string to_line(const RunSample& s) {
  return fmt::format("{:7.1f} {:8} {:6.1f} {:6} {:8} {:4.0f}%  {:6.2f} / {:6.2f} {:10} {:5} {:5} {:9.0f} ms {:9}{}\n",
                     in_seconds(s.at) / 60, s.members, static_cast<double>(s.resident_kib) / 1024, s.descriptors,
                     s.threads, s.server_share * 100, s.latency_p50_ms, s.latency_p99_ms, s.packets, s.lost, s.arrivals,
                     s.first_picture_p95_ms, s.failures, s.busy ? "  (machine busy)" : "");
}

std::string to_rows(const LongRunVerdict& v, const LongRunLimits& limits) {
  std::string out;
  const auto row = [&](std::string_view name, const std::string& value) { out += table_row(name, value); };
  if (!v.enough) {
    row("long run", fmt::format("not judged: {} samples after the first {:.0f} s, {} are needed", v.judged,
                                in_seconds(limits.settle), limits.least_samples));
    return out;
  }
  row("long run: samples judged", fmt::format("{}, after the first {:.0f} s", v.judged, in_seconds(limits.settle)));
  if (v.server_seen) {
    row("long run: memory", fmt::format("{}: {:.1f} MiB ± {:.1f} % (± {:.0f} % allowed)", word(v.memory_flat),
                                        v.memory_median_kib / 1024, v.memory_spread * 100, limits.memory * 100));
    row("long run: descriptors",
        fmt::format("{}: {:+.0f} beside the members'; {} before, {} after all had left", word(v.descriptors_kept),
                    v.descriptors_rise, v.ends.before, v.ends.after));
  } else {
    row("long run: memory, descriptors", "not seen: say with --server-pid which process to read");
  }
  row("long run: latency", fmt::format("{}: p99 {:.2f} ms, rise {:+.2f} ms ({:.2f} ms allowed)", word(v.latency_steady),
                                       v.latency_median_ms, v.latency_rise_ms, v.latency_limit_ms));
  row("long run: failures", fmt::format("{}: {}", word(v.failures == 0), v.failures));
  row("long run", v.passed() ? "passed" : "NOT PASSED");
  return out;
}

nlohmann::ordered_json to_object(std::span<const RunSample> samples, const LongRunVerdict& v) {
  nlohmann::ordered_json json;
  json["judged"] = v.judged;
  json["passed"] = v.passed();
  json["server_seen"] = v.server_seen;
  json["memory"] = {{"median_kib", v.memory_median_kib}, {"spread", v.memory_spread}, {"flat", v.memory_flat}};
  json["latency"] = {{"p99_median_ms", v.latency_median_ms},
                     {"rise_ms", v.latency_rise_ms},
                     {"limit_ms", v.latency_limit_ms},
                     {"steady", v.latency_steady}};
  json["descriptors"] = {
      {"rise", v.descriptors_rise}, {"before", v.ends.before}, {"after", v.ends.after}, {"kept", v.descriptors_kept}};
  json["failures"] = v.failures;
  auto& list = json["samples"] = nlohmann::ordered_json::array();
  for (const auto& s : samples)
    list.push_back({{"at_s", in_seconds(s.at)},
                    {"members", s.members},
                    {"resident_kib", s.resident_kib},
                    {"descriptors", s.descriptors},
                    {"threads", s.threads},
                    {"server_share", s.server_share},
                    {"latency_p50_ms", s.latency_p50_ms},
                    {"latency_p99_ms", s.latency_p99_ms},
                    {"packets", s.packets},
                    {"lost", s.lost},
                    {"arrivals", s.arrivals},
                    {"first_picture_p95_ms", s.first_picture_p95_ms},
                    {"failures", s.failures},
                    {"busy", s.busy}});
  return json;
}

}  // namespace bridgehall::load

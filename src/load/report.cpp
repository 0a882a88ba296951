#include "load/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bridgehall::load {
namespace {
double milliseconds(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }
}  // namespace

double LoadResult::gap_ratio() const {
  if (viewers.expected == 0) return 0;
  return viewers.received >= viewers.expected
             ? 0
             : static_cast<double>(viewers.expected - viewers.received) / static_cast<double>(viewers.expected);
}

std::optional<double> LoadResult::server_microseconds_per_packet() const {
  if (!server_cpu || viewers.packets == 0) return std::nullopt;
  return std::chrono::duration<double, std::micro>(*server_cpu).count() / static_cast<double>(viewers.packets);
}

std::string to_table(const LoadOptions& options, const LoadResult& r) {
  std::string out;
  const auto row = [&](std::string_view name, std::string value) { out += fmt::format("{:<34} {}\n", name, value); };
  row("viewers joined", fmt::format("{} of {} ({} lost, {} decoding)", r.viewers_joined, options.viewers,
                                    r.viewers_lost, r.viewers_decoding));
  row("join p50 / p95",
      fmt::format("{:.1f} / {:.1f} ms", milliseconds(r.join.percentile(0.5)), milliseconds(r.join.percentile(0.95))));
  row("measured", fmt::format("{:.1f} s", r.seconds));
  row("packets published, for all viewers", fmt::format("{}", r.published));
  row("packets expected / received", fmt::format("{} / {}", r.viewers.expected, r.viewers.received));
  row("gap ratio", fmt::format("{:.2e}", r.gap_ratio()));
  row("duplicates / retransmissions", fmt::format("{} / {}", r.viewers.duplicates, r.viewers.retransmissions));
  row("NACKed / PLIs / undecryptable",
      fmt::format("{} / {} / {}", r.viewers.nacked, r.viewers.plis, r.viewers.undecryptable));
  row("received",
      fmt::format("{:.1f} Mb/s", r.seconds > 0 ? static_cast<double>(r.viewers.bytes) * 8e-6 / r.seconds : 0));
  row("latency p50 / p95 / p99 / max",
      fmt::format("{:.2f} / {:.2f} / {:.2f} / {:.2f} ms ({} samples)", milliseconds(r.latency.percentile(0.5)),
                  milliseconds(r.latency.percentile(0.95)), milliseconds(r.latency.percentile(0.99)),
                  milliseconds(r.latency.max()), r.latency.count()));
  if (const auto cost = r.server_microseconds_per_packet()) {
    row("server CPU per forwarded packet", fmt::format("{:.2f} µs", *cost));
    row("server CPU",
        fmt::format("{:.0f} % of one core", std::chrono::duration<double>(*r.server_cpu).count() / r.seconds * 100));
    row("server memory before / at end",
        fmt::format("{:.1f} / {:.1f} MiB", static_cast<double>(r.server_kib_before) / 1024,
                    static_cast<double>(r.server_kib) / 1024));
  }
  row("generator CPU", fmt::format("{:.0f} % of one core", r.generator_share() * 100));
  row("generator drops / send errors", fmt::format("{} / {}", r.generator_drops, r.generator_send_errors));
  row("waited for a CPU: server, generator",
      fmt::format("{:.0f} / {:.0f} ms", milliseconds(r.server_waited), milliseconds(r.generator_waited)));
  if (r.machine_was_busy()) out += "The machine was busy with other work: latencies are not the server's alone.\n";
  if (r.generator_was_limit()) out += "The generator was the limit: these figures are not the server's.\n";
  return out;
}

std::string to_json(const LoadOptions& options, const LoadResult& r) {
  nlohmann::ordered_json json;
  json["options"] = {{"publishers", options.publishers},
                     {"viewers", options.viewers},
                     {"kbps", options.kbps},
                     {"audio", options.audio},
                     {"pacing", options.pacing == Pacing::frame ? "frame" : "ticks"},
                     {"gro", options.gro},
                     {"seed", options.seed}};
  json["viewers_joined"] = r.viewers_joined;
  json["viewers_lost"] = r.viewers_lost;
  json["viewers_decoding"] = r.viewers_decoding;
  json["join_ms"] = {{"p50", milliseconds(r.join.percentile(0.5))}, {"p95", milliseconds(r.join.percentile(0.95))}};
  json["seconds"] = r.seconds;
  json["packets"] = {{"published", r.published},
                     {"expected", r.viewers.expected},
                     {"received", r.viewers.received},
                     {"gap_ratio", r.gap_ratio()},
                     {"duplicates", r.viewers.duplicates},
                     {"retransmissions", r.viewers.retransmissions},
                     {"nacked", r.viewers.nacked},
                     {"plis", r.viewers.plis},
                     {"undecryptable", r.viewers.undecryptable},
                     {"datagrams", r.viewers.packets},
                     {"bytes", r.viewers.bytes}};
  json["latency_ms"] = {{"p50", milliseconds(r.latency.percentile(0.5))},
                        {"p95", milliseconds(r.latency.percentile(0.95))},
                        {"p99", milliseconds(r.latency.percentile(0.99))},
                        {"max", milliseconds(r.latency.max())},
                        {"samples", r.latency.count()}};
  if (const auto cost = r.server_microseconds_per_packet()) {
    json["server"] = {{"cpu_us_per_packet", *cost},
                      {"cpu_seconds", std::chrono::duration<double>(*r.server_cpu).count()},
                      {"waited_ms", milliseconds(r.server_waited)},
                      {"resident_kib_before", r.server_kib_before},
                      {"resident_kib", r.server_kib}};
  }
  json["machine_was_busy"] = r.machine_was_busy();
  json["generator"] = {{"cpu_share", r.generator_share()},
                       {"waited_ms", milliseconds(r.generator_waited)},
                       {"drops", r.generator_drops},
                       {"send_errors", r.generator_send_errors},
                       {"was_limit", r.generator_was_limit()}};
  return json.dump(2) + "\n";
}

}  // namespace bridgehall::load

#include "load/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "load/output.h"

namespace bridgehall::load {
double LoadResult::gap_ratio() const {
  if (viewers.expected == 0) return 0;
  return viewers.received >= viewers.expected
             ? 0
             : static_cast<double>(viewers.expected - viewers.received) / static_cast<double>(viewers.expected);
}

std::string to_table(const LoadOptions& options, const LoadResult& r) {
  std::string out;
  const auto row = [&](std::string_view name, const std::string& value) { out += table_row(name, value); };
  const auto decoding = options.video ? fmt::format(", {} decoding", r.viewers_decoding) : std::string();
  row("viewers joined",
      fmt::format("{} of {} ({} lost{})", r.viewers_joined, options.viewers, r.viewers_lost, decoding));
  row("join p50 / p95",
      fmt::format("{:.1f} / {:.1f} ms", milliseconds(r.join.percentile(0.5)), milliseconds(r.join.percentile(0.95))));
  if (r.first_frame.count() > 0)
    row("first frame p50 / p95", fmt::format("{:.1f} / {:.1f} ms", milliseconds(r.first_frame.percentile(0.5)),
                                             milliseconds(r.first_frame.percentile(0.95))));
  if (r.suite) row("cipher", std::string(crypto::suite_name(*r.suite)));
  row("measured", fmt::format("{:.1f} s", r.usage.seconds));
  row("packets published, for all viewers", fmt::format("{}", r.published));
  row("packets expected / received", fmt::format("{} / {}", r.viewers.expected, r.viewers.received));
  row("gap ratio", fmt::format("{:.2e}", r.gap_ratio()));
  row("duplicates / retransmissions", fmt::format("{} / {}", r.viewers.duplicates, r.viewers.retransmissions));
  row("NACKed / PLIs / undecryptable",
      fmt::format("{} / {} / {}", r.viewers.nacked, r.viewers.plis, r.viewers.undecryptable));
  row("received", fmt::format("{:.1f} Mb/s",
                              r.usage.seconds > 0 ? static_cast<double>(r.viewers.bytes) * 8e-6 / r.usage.seconds : 0));
  row("latency p50 / p95 / p99 / max",
      fmt::format("{:.2f} / {:.2f} / {:.2f} / {:.2f} ms ({} samples)", milliseconds(r.latency.percentile(0.5)),
                  milliseconds(r.latency.percentile(0.95)), milliseconds(r.latency.percentile(0.99)),
                  milliseconds(r.latency.max()), r.latency.count()));
  return out + server_rows(r.usage, r.viewers.packets) + generator_rows(r.usage);
}

std::string to_json(const LoadOptions& options, const LoadResult& r) {
  nlohmann::ordered_json json;
  json["options"] = {{"publishers", options.publishers},
                     {"viewers", options.viewers},
                     {"together", options.together},
                     {"kbps", options.kbps},
                     {"audio", options.audio},
                     {"video", options.video},
                     {"pacing", options.pacing == Pacing::frame ? "frame" : "ticks"},
                     {"gro", options.gro},
                     {"seed", options.seed}};
  json["viewers_joined"] = r.viewers_joined;
  json["viewers_lost"] = r.viewers_lost;
  if (options.video) json["viewers_decoding"] = r.viewers_decoding;
  json["join_ms"] = {{"p50", milliseconds(r.join.percentile(0.5))}, {"p95", milliseconds(r.join.percentile(0.95))}};
  if (options.video)
    json["first_frame_ms"] = {{"p50", milliseconds(r.first_frame.percentile(0.5))},
                              {"p95", milliseconds(r.first_frame.percentile(0.95))}};
  if (r.suite) json["cipher"] = crypto::suite_name(*r.suite);
  json["began"] = in_seconds(r.began.time_since_epoch());
  json["seconds"] = r.usage.seconds;
  json["packets"] = {{"published", r.published},
                     {"expected", r.viewers.expected},
                     {"received", r.viewers.received},
                     {"duplicates", r.viewers.duplicates},
                     {"retransmissions", r.viewers.retransmissions},
                     {"nacked", r.viewers.nacked},
                     {"plis", r.viewers.plis},
                     {"undecryptable", r.viewers.undecryptable},
                     {"datagrams", r.viewers.packets},
                     {"bytes", r.viewers.bytes}};
  // A server that sent nothing was not without gaps, nor fast.
  if (r.viewers.expected > 0) json["packets"]["gap_ratio"] = r.gap_ratio();
  if (r.latency.count() > 0)
    json["latency_ms"] = {{"p50", milliseconds(r.latency.percentile(0.5))},
                          {"p95", milliseconds(r.latency.percentile(0.95))},
                          {"p99", milliseconds(r.latency.percentile(0.99))},
                          {"max", milliseconds(r.latency.max())},
                          {"samples", r.latency.count()}};
  add_to_json(r.usage, r.viewers.packets, json);
  return json.dump(2) + "\n";
}

}  // namespace bridgehall::load

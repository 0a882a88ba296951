#include "load/conference_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "load/output.h"

namespace bridgehall::load {
namespace {

std::string percentiles(const LatencyHistogram& histogram) {
  if (histogram.count() == 0) return "none";
  return fmt::format("{:.1f} / {:.1f} / {:.1f} ms ({})", milliseconds(histogram.percentile(0.5)),
                     milliseconds(histogram.percentile(0.95)), milliseconds(histogram.max()), histogram.count());
}

nlohmann::ordered_json to_object(const LatencyHistogram& histogram) {
  return {{"p50", milliseconds(histogram.percentile(0.5))},
          {"p95", milliseconds(histogram.percentile(0.95))},
          {"p99", milliseconds(histogram.percentile(0.99))},
          {"max", milliseconds(histogram.max())},
          {"samples", histogram.count()}};
}

nlohmann::ordered_json to_object(const SlotCounters& c) {
  return {{"datagrams", c.packets},
          {"bytes", c.bytes},
          {"expected", c.expected},
          {"received", c.received},
          {"duplicates", c.duplicates},
          {"retransmissions", c.retransmissions},
          {"nacked", c.nacked},
          {"plis", c.plis},
          {"undecryptable", c.undecryptable},
          {"strays", c.strays},
          {"frames", c.frames},
          {"keyframes", c.keyframes},
          {"switches", c.switches},
          {"voice_changes", c.voice_changes},
          {"picture_breaks", c.picture_breaks},
          {"dirty_switches", c.dirty_switches},
          {"sound_jumps", c.sound_jumps}};
}

std::uint64_t packets_of(const ConferenceResult& r) { return r.received.packets + r.weak_received.packets; }

double voice_changes_per_minute(const ConferenceResult& r) {
  if (r.receivers == 0 || r.usage.seconds <= 0) return 0;
  return static_cast<double>(r.received.voice_changes) / r.receivers / r.usage.seconds * 60;
}

}  // namespace

double ConferenceResult::gap_ratio() const {
  if (received.expected == 0 || received.received >= received.expected) return 0;
  return static_cast<double>(received.expected - received.received) / static_cast<double>(received.expected);
}

std::optional<double> ConferenceResult::kib_per_participant() const {
  if (usage.server_kib <= usage.server_kib_before || joined == 0) return std::nullopt;
  return static_cast<double>(usage.server_kib - usage.server_kib_before) / joined;
}

LongRunVerdict ConferenceResult::verdict(const ConferenceOptions& options) const {
  return judge(samples, descriptors, options.limits);
}

std::uint64_t ConferenceResult::wrong() const {
  return received.picture_breaks + received.dirty_switches + received.undecryptable + received.strays;
}

std::string to_table(const ConferenceOptions& options, const ConferenceResult& r) {
  std::string out;
  const auto row = [&](std::string_view name, const std::string& value) { out += table_row(name, value); };
  row("joined", fmt::format("{} of {} ({} lost, {} came and went)", r.joined, r.asked, r.lost, r.came_and_went));
  if (options.come_back)
    row("lost and came back", fmt::format("{}, after {:.1f} s at most", r.came_back, in_seconds(r.longest_absence)));
  row("connected p50 / p95 / max", percentiles(r.connected));
  row("first frame p50 / p95 / max", percentiles(r.first_frame));
  row("measured", fmt::format("{:.1f} s", r.usage.seconds));
  row("sent by the sites", fmt::format("{} packets, {} again, {} keyframes, {} asked for", r.sent.packets,
                                       r.sent.retransmitted, r.sent.keyframes, r.sent.keyframe_requests));
  row("packets expected / received", fmt::format("{} / {}", r.received.expected, r.received.received));
  row("gap ratio", fmt::format("{:.2e}", r.gap_ratio()));
  row("retransmissions / NACKed / PLIs",
      fmt::format("{} / {} / {}", r.received.retransmissions, r.received.nacked, r.received.plis));
  row("received",
      fmt::format("{:.1f} Mb/s",
                  r.usage.seconds > 0 ? static_cast<double>(r.received.bytes) * 8e-6 / r.usage.seconds : 0));
  row("frames a second: stage / tile",
      fmt::format("{:.1f} / {:.1f}", r.stage_frames_per_second, r.tile_frames_per_second));
  row("breaks / dirty switches", fmt::format("{} / {}", r.received.picture_breaks, r.received.dirty_switches));
  row("undecryptable / stray / twice",
      fmt::format("{} / {} / {}", r.received.undecryptable, r.received.strays, r.received.duplicates));
  row("stage switched p50 / p95 / max", percentiles(r.stage));
  row("stage not switched", fmt::format("{}", r.stage_missed));
  row("speakers heard", fmt::format("{} of {}", r.voices_heard, r.voices_expected));
  row("voice changes a minute / sound jumps",
      fmt::format("{:.1f} / {}", voice_changes_per_minute(r), r.received.sound_jumps));
  row("latency p50 / p95 / p99 / max",
      fmt::format("{:.2f} / {:.2f} / {:.2f} / {:.2f} ms ({})", milliseconds(r.latency.percentile(0.5)),
                  milliseconds(r.latency.percentile(0.95)), milliseconds(r.latency.percentile(0.99)),
                  milliseconds(r.latency.max()), r.latency.count()));
  if (r.weak > 0) {
    row(fmt::format("weak lines of {} kb/s", options.weak_kbps),
        fmt::format("{}: {:.1f} tiles off, stage {:.1f} frames/s, voice {:.1f} packets/s, {} datagrams lost", r.weak,
                    r.weak_tiles_off, r.weak_stage_frames_per_second, r.weak_sounds_per_second, r.weak_lost));
  }
  out += server_rows(r.usage, packets_of(r));
  if (const auto memory = r.kib_per_participant())
    row("server memory per participant", fmt::format("{:.0f} KiB", *memory));
  out += generator_rows(r.usage);
  if (!r.samples.empty()) out += to_rows(r.verdict(options), options.limits);
  return out;
}

std::string to_json(const ConferenceOptions& options, const ConferenceResult& r) {
  nlohmann::ordered_json json;
  json["options"] = {{"sites", options.sites},
                     {"watchers", options.watchers},
                     {"slots", options.slots},
                     {"speakers", options.speakers},
                     {"speaker_change_s", in_seconds(options.speaker_change)},
                     {"stage_change_s", in_seconds(options.stage_change)},
                     {"churn", options.churn},
                     {"weak", options.weak},
                     {"weak_kbps", options.weak_kbps},
                     {"gro", options.gro},
                     {"seed", options.seed}};
  json["joined"] = r.joined;
  json["lost"] = r.lost;
  json["came_and_went"] = r.came_and_went;
  if (options.come_back) {
    json["came_back"] = r.came_back;
    json["longest_absence_s"] = in_seconds(r.longest_absence);
  }
  json["connected_ms"] = to_object(r.connected);
  json["first_frame_ms"] = to_object(r.first_frame);
  json["seconds"] = r.usage.seconds;
  json["sent"] = {{"packets", r.sent.packets},
                  {"retransmitted", r.sent.retransmitted},
                  {"keyframes", r.sent.keyframes},
                  {"keyframe_requests", r.sent.keyframe_requests}};
  json["received"] = to_object(r.received);
  json["gap_ratio"] = r.gap_ratio();
  json["wrong"] = r.wrong();
  json["frames_per_second"] = {{"stage", r.stage_frames_per_second}, {"tile", r.tile_frames_per_second}};
  json["stage_switch_ms"] = to_object(r.stage);
  json["stage_missed"] = r.stage_missed;
  json["voices"] = {
      {"expected", r.voices_expected}, {"heard", r.voices_heard}, {"changes_per_minute", voice_changes_per_minute(r)}};
  json["latency_ms"] = to_object(r.latency);
  if (r.weak > 0) {
    json["weak"] = to_object(r.weak_received);
    json["weak"]["lost_on_line"] = r.weak_lost;
    json["weak"]["tiles_off"] = r.weak_tiles_off;
    json["weak"]["stage_frames_per_second"] = r.weak_stage_frames_per_second;
    json["weak"]["sounds_per_second"] = r.weak_sounds_per_second;
  }
  add_to_json(r.usage, packets_of(r), json);
  if (json.contains("server")) json["server"]["kib_per_participant"] = r.kib_per_participant().value_or(0);
  if (!r.samples.empty()) json["long_run"] = to_object(r.samples, r.verdict(options));
  return json.dump(2) + "\n";
}

}  // namespace bridgehall::load

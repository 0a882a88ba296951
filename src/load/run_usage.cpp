#include "load/run_usage.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "load/output.h"

namespace bridgehall::load {

std::optional<double> RunUsage::server_microseconds(std::uint64_t packets) const {
  if (!server_cpu || packets == 0) return std::nullopt;
  return std::chrono::duration<double, std::micro>(*server_cpu).count() / static_cast<double>(packets);
}

double RunUsage::generator_share() const { return seconds > 0 ? in_seconds(generator_cpu) / seconds : 0; }

bool RunUsage::machine_was_busy() const {
  return in_seconds(std::max(server_waited, generator_waited)) > 0.01 * seconds;
}

std::optional<ProcessUsage> UsageMeter::read_server() const {
  return server_pid_ > 0 ? read_process_usage(server_pid_) : std::nullopt;
}

void UsageMeter::note_memory_before(RunUsage& usage) const {
  if (const auto server = read_server()) usage.server_kib_before = server->resident_kib;
}

void UsageMeter::begin(std::uint64_t drops) {
  server_before_ = read_server();
  own_before_ = read_own_usage();
  drops_before_ = drops;
}

void UsageMeter::end(double seconds, std::uint64_t drops, std::uint64_t send_errors, RunUsage& usage) const {
  usage.seconds = seconds;
  const auto own = read_own_usage();
  usage.generator_cpu = own.cpu - own_before_.cpu;
  usage.generator_waited = own.waited - own_before_.waited;
  usage.generator_drops = drops - drops_before_;
  usage.generator_send_errors = send_errors;
  const auto server = read_server();
  if (!server || !server_before_) return;
  usage.server_cpu = server->cpu - server_before_->cpu;
  usage.server_waited = server->waited - server_before_->waited;
  usage.server_kib = server->resident_kib;
}

std::string server_rows(const RunUsage& usage, std::uint64_t packets) {
  const auto cost = usage.server_microseconds(packets);
  if (!cost) return {};
  const auto mib = [](std::uint64_t kib) { return static_cast<double>(kib) / 1024; };
  return table_row("server CPU per forwarded packet", fmt::format("{:.2f} µs", *cost)) +
         table_row("server CPU",
                   fmt::format("{:.0f} % of one core", in_seconds(*usage.server_cpu) / usage.seconds * 100)) +
         table_row("server memory before / at end",
                   fmt::format("{:.1f} / {:.1f} MiB", mib(usage.server_kib_before), mib(usage.server_kib)));
}

std::string generator_rows(const RunUsage& usage) {
  auto out = table_row("generator CPU", fmt::format("{:.0f} % of one core", usage.generator_share() * 100)) +
             table_row("generator drops / send errors",
                       fmt::format("{} / {}", usage.generator_drops, usage.generator_send_errors)) +
             table_row("waited for a CPU: server, generator",
                       fmt::format("{:.0f} / {:.0f} ms", milliseconds(usage.server_waited),
                                   milliseconds(usage.generator_waited)));
  if (usage.machine_was_busy()) out += "The machine was busy with other work: latencies are not the server's alone.\n";
  if (usage.generator_was_limit()) out += "The generator was the limit: these figures are not the server's.\n";
  return out;
}

void add_to_json(const RunUsage& usage, std::uint64_t packets, nlohmann::ordered_json& json) {
  if (usage.server_cpu) {
    auto& server = json["server"];
    if (const auto cost = usage.server_microseconds(packets)) server["cpu_us_per_packet"] = *cost;
    server["cpu_seconds"] = in_seconds(*usage.server_cpu);
    server["waited_ms"] = milliseconds(usage.server_waited);
    server["resident_kib_before"] = usage.server_kib_before;
    server["resident_kib"] = usage.server_kib;
  }
  json["machine_was_busy"] = usage.machine_was_busy();
  json["generator"] = {{"cpu_share", usage.generator_share()},
                       {"waited_ms", milliseconds(usage.generator_waited)},
                       {"drops", usage.generator_drops},
                       {"send_errors", usage.generator_send_errors},
                       {"was_limit", usage.generator_was_limit()}};
}

}  // namespace bridgehall::load

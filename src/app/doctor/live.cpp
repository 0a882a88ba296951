#include "app/doctor/live.h"

#include <fmt/format.h>

namespace bridgehall::app::doctor {
namespace {

using media::Drop;

// These mean that this machine is too small; all others come from outside and are normal in small numbers.
bool is_overload(Drop drop) {
  return drop == Drop::pool_exhausted || drop == Drop::stale_handle || drop == Drop::handshakes_waiting ||
         drop == Drop::mirror_full || drop == Drop::handover_full;
}

struct Drops {
  std::string text;
  std::uint64_t count = 0;
};

Drops sum_up(const media::ShardCounters& counters, bool overload) {
  Drops drops;
  for (std::size_t i = 0; i < counters.drops.size(); ++i) {
    const auto drop = static_cast<Drop>(i);
    if (counters.drops[i] == 0 || is_overload(drop) != overload) continue;
    drops.count += counters.drops[i];
    drops.text += fmt::format("{}{} {}", drops.text.empty() ? "" : ", ", media::drop_name(drop), counters.drops[i]);
  }
  return drops;
}

void check_losses(Findings& findings, const media::ShardCounters& counters) {
  if (counters.receive_overflows > 0)
    findings.push_back(
        make_finding(Level::attention, "live.overflow", {{"count", std::to_string(counters.receive_overflows)}}));
  if (counters.send_errors > 0)
    findings.push_back(
        make_finding(Level::attention, "live.refused", {{"count", std::to_string(counters.send_errors)}}));
  if (!counters.segmentation) findings.push_back(make_finding(Level::attention, "live.segmentation"));
  if (const auto drops = sum_up(counters, true); drops.count > 0)
    findings.push_back(make_finding(Level::attention, "live.overload",
                                    {{"count", std::to_string(drops.count)}, {"reasons", drops.text}}));
  if (findings.empty())
    findings.push_back(make_finding(Level::ok, "live.quiet",
                                    {{"received", std::to_string(counters.datagrams_received)},
                                     {"sent", std::to_string(counters.datagrams_sent)}}));
  if (const auto drops = sum_up(counters, false); drops.count > 0)
    findings.push_back(make_finding(Level::ok, "live.drops", {{"reasons", drops.text}}));
}

}  // namespace

Findings check_live(const web::LiveFacts& facts, std::uint16_t media_port) {
  Findings findings;
  if (facts.shard)
    check_losses(findings, *facts.shard);
  else
    findings.push_back(make_finding(Level::problem, "live.core"));
  if (facts.sessions_never_heard > 0) {
    // Nobody at all gets through: that is the server's side, not one visitor's firewall.
    const auto level = facts.sessions_connected == 0 ? Level::problem : Level::attention;
    findings.push_back(
        make_finding(level, "live.unheard",
                     {{"count", std::to_string(facts.sessions_never_heard)}, {"port", std::to_string(media_port)}}));
  }
  if (facts.sessions_never_connected > 0)
    findings.push_back(make_finding(Level::attention, "live.unconnected",
                                    {{"count", std::to_string(facts.sessions_never_connected)}}));
  return findings;
}

}  // namespace bridgehall::app::doctor

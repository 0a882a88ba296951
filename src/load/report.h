// The figures of one run, as a table for people and as JSON with the same numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "load/latency_histogram.h"
#include "load/load.h"
#include "load/viewer.h"

namespace bridgehall::load {

struct LoadResult {
  int viewers_joined = 0;
  int viewers_lost = 0;         // had joined and were closed before the end
  int viewers_decoding = 0;     // saw a keyframe
  LatencyHistogram join;        // POST to DTLS done
  double seconds = 0;           // measured
  std::uint64_t published = 0;  // RTP packets that the viewers' publishers sent, once for each viewer
  ViewerCounters viewers;       // sum over all, measured window only
  LatencyHistogram latency;
  std::optional<Duration> server_cpu;
  std::uint64_t server_kib_before = 0;  // resident, before the first viewer
  std::uint64_t server_kib = 0;         // resident, at the end of the measurement
  Duration server_waited{};             // ready to run while others had the CPU; as for the generator
  Duration generator_cpu{};
  Duration generator_waited{};
  std::uint64_t generator_drops = 0;  // datagrams that its own sockets had no room for
  std::uint64_t generator_send_errors = 0;

  double gap_ratio() const;
  std::optional<double> server_microseconds_per_packet() const;
  double generator_share() const {
    return seconds > 0 ? std::chrono::duration<double>(generator_cpu).count() / seconds : 0;
  }
  // Above 90 % of its one core, or with drops of its own, the figures tell of the generator and not of the server.
  bool generator_was_limit() const { return generator_share() > 0.9 || generator_drops > 0; }
  // Others on the machine made either side wait for more than 1 % of the time: latencies tell of them.
  bool machine_was_busy() const {
    return std::chrono::duration<double>(std::max(server_waited, generator_waited)).count() > 0.01 * seconds;
  }
};

std::string to_table(const LoadOptions& options, const LoadResult& result);
std::string to_json(const LoadOptions& options, const LoadResult& result);

}  // namespace bridgehall::load

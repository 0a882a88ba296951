// Whether a server stays the same while a load goes on: looks at it at regular intervals, and the verdict over them.
// Pure: the run takes the samples. At most kMaxSamples of them, as the line through them costs their square.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/time.h"

namespace bridgehall::load {

inline constexpr std::size_t kMaxSamples = 1'000;

struct RunSample {
  Duration at{};    // end of the interval, since the measurement began
  int members = 0;  // there at that moment; each has a WebSocket, so the server has a descriptor for it
  // The server's process; zeros where it could not be read.
  std::uint64_t resident_kib = 0;
  int descriptors = 0;
  int threads = 0;
  double server_share = 0;  // of one core, in the interval
  // What happened in the interval:
  double latency_p50_ms = 0, latency_p99_ms = 0;
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;
  std::uint64_t arrivals = 0;       // members who got their first picture
  double first_picture_p95_ms = 0;  // of those
  std::uint64_t failures = 0;       // members who were lost or got no picture
  bool busy = false;                // others on the machine made either side wait for more than 1 % of the time
};

struct LongRunLimits {
  Duration settle = std::chrono::minutes(10);  // samples before that are not judged
  std::size_t least_samples = 6;               // fewer say nothing
  double memory = 0.05;                        // may differ from its median by this part
  double latency = 0.25;                       // p99 may rise by this part of its median, or by latency_floor_ms
  double latency_floor_ms = 1;
  double descriptors = 2;  // more than members came: a passing scrape, a socket being closed
};

// Descriptors before the first member came and after the last had gone.
struct DescriptorEnds {
  int before = 0;
  int after = 0;
};

struct LongRunVerdict {
  std::size_t judged = 0;  // samples
  bool enough = false;
  bool server_seen = false;
  double memory_median_kib = 0;
  double memory_spread = 0;  // largest distance from the median, as a part of it
  double latency_median_ms = 0;
  double latency_rise_ms = 0;  // the larger of the line's rise and that from the first third to the last
  double latency_limit_ms = 0;
  double descriptors_rise = 0;  // beside those for members, from the first third to the last
  DescriptorEnds ends;
  std::uint64_t failures = 0;  // in all samples
  bool memory_flat = false;
  bool latency_steady = false;
  bool descriptors_kept = false;

  bool passed() const {
    return enough && server_seen && memory_flat && latency_steady && descriptors_kept && failures == 0;
  }
};

LongRunVerdict judge(std::span<const RunSample> samples, DescriptorEnds ends, const LongRunLimits& limits);

// One line for each sample under a head, to be printed as they come; then the verdict's rows.
std::string sample_head();
std::string to_line(const RunSample& sample);
std::string to_rows(const LongRunVerdict& verdict, const LongRunLimits& limits);

nlohmann::ordered_json to_object(std::span<const RunSample> samples, const LongRunVerdict& verdict);

}  // namespace bridgehall::load

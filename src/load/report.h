// The figures of one run, as a table for people and as JSON with the same numbers.
#pragma once

#include <cstdint>
#include <string>

#include "load/latency_histogram.h"
#include "load/load.h"
#include "load/run_usage.h"
#include "load/viewer.h"

namespace bridgehall::load {

struct LoadResult {
  int viewers_joined = 0;
  int viewers_lost = 0;          // had joined and were closed before the end
  int viewers_decoding = 0;      // saw a keyframe of every picture
  LatencyHistogram join;         // POST to DTLS done
  LatencyHistogram first_frame;  // POST to the first keyframe of the last of its pictures
  std::optional<crypto::SrtpSuite> suite;
  TimePoint began{};            // the measurement, on the clock of this machine
  std::uint64_t published = 0;  // RTP packets that the viewers' publishers sent, once for each viewer
  ViewerCounters viewers;       // sum over all, measured window only
  LatencyHistogram latency;
  RunUsage usage;

  double gap_ratio() const;
};

std::string to_table(const LoadOptions& options, const LoadResult& result);
std::string to_json(const LoadOptions& options, const LoadResult& result);

}  // namespace bridgehall::load

// The figures of one `bridgehall load conference`, as a table for people and as JSON with the same numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/conference.h"
#include "load/latency_histogram.h"
#include "load/long_run.h"
#include "load/media_sender.h"
#include "load/run_usage.h"
#include "load/slot_receiver.h"

namespace bridgehall::load {

struct ConferenceResult {
  int asked = 0;   // participants, the chair included
  int joined = 0;  // of those, at the end of the joining
  int lost = 0;    // ended by themselves later, and not back at the end
  std::uint64_t came_and_went = 0;
  std::uint64_t came_back = 0;     // of those who were lost
  Duration longest_absence{};      // of these
  LatencyHistogram connected;      // from the connection's begin to DTLS done
  LatencyHistogram first_frame;    // ... to the first whole picture
  LatencyHistogram stage;          // from the chair's command to the first whole picture of the new sender, by receiver
  std::uint64_t stage_missed = 0;  // receivers that had not got it when the next one was asked for
  std::uint64_t voices_expected = 0, voices_heard = 0;  // who speaks × who receives, asked twice a second
  LatencyHistogram latency;

  SlotCounters received;                                           // of all but those on weak lines
  double stage_frames_per_second = 0, tile_frames_per_second = 0;  // of a slot, mean
  int receivers = 0;  // that stayed to the end, without those on weak lines
  SentCounters sent;

  int weak = 0;
  SlotCounters weak_received;
  std::uint64_t weak_lost = 0;              // datagrams that their lines lost
  double weak_tiles_off = 0;                // tiles that the server says it has put off, mean at the end
  double weak_stage_frames_per_second = 0;  // mean
  double weak_sounds_per_second = 0;        // of the best voice slot, mean

  RunUsage usage;
  std::vector<RunSample> samples;  // none when the run is not to be watched
  DescriptorEnds descriptors;

  double gap_ratio() const;
  std::optional<double> kib_per_participant() const;
  LongRunVerdict verdict(const ConferenceOptions& options) const;
  // What must never happen, whatever the load: pictures that cannot be decoded, packets that do not authenticate.
  std::uint64_t wrong() const;
};

std::string to_table(const ConferenceOptions& options, const ConferenceResult& result);
std::string to_json(const ConferenceOptions& options, const ConferenceResult& result);

}  // namespace bridgehall::load

// What a conference wants written down, in the order in which it happened. Host hands out batches; whoever keeps them
// says which are on disk, in the same order. Nothing is acknowledged, told or acted upon (but for what closes) before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conference/event.h"

namespace bridgehall::conference {

struct RecordedEvent {
  std::uint64_t sequence = 0;  // in its conference, from 1 on, without gaps
  WallTime at{};
  SeatId actor;  // whose command it followed from; empty: the server's
  Event event;
};

// What followed from one command: written as a whole or not at all.
struct Batch {
  std::uint64_t number = 0;  // of all conferences together, from 1 on in each run of the server
  std::string conference;
  std::vector<RecordedEvent> events;  // never empty
};

}  // namespace bridgehall::conference

// What a page knows of its conference: the fold of a snapshot and of the events after it. Written from the schema
// alone, so that it is a second opinion on the server's own fold.
#pragma once

#include "messages/messages.h"

namespace bridgehall::sim {

struct Mirror {
  std::uint64_t sequence = 0;
  messages::Conference conference;

  void follow(const messages::Event& event);
  const messages::Seat* find(std::string_view seat) const;
};

}  // namespace bridgehall::sim

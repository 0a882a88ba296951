// The rules of a conference: what follows from a command, or why it is refused. Pure.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "conference/command.h"
#include "conference/event.h"

namespace bridgehall::conference {

enum class RefusalCode : std::uint8_t {
  not_allowed,
  needs_floor,
  unknown_seat,
  not_joined,     // who asks
  not_connected,  // who is meant
  locked,
  full,
  malformed,
  not_recorded  // nothing can be written down at the moment
};

struct CommandRefusal {
  RefusalCode code{};
  std::string message;  // a whole sentence
  std::string field;    // of the command; may be empty
};

// `actor`: the seat that asks; empty: the server. No events: there was nothing to change.
std::expected<std::vector<Event>, CommandRefusal> decide(const State& state, WallTime now, const SeatId& actor,
                                                         const Command& command);

// What the seat may do now, for its page to show; decide() has the last word.
std::vector<Action> allowed_actions(const State& state, const Seat& seat);

}  // namespace bridgehall::conference

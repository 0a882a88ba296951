// Who is invited to a conference: its seats and, for each, the secret of its link. Kept in a file by the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conference/state.h"

namespace bridgehall::conference {

// Of an invitation, and of a session's key: 128 random bits are not guessed.
inline constexpr std::size_t kKeyBytes = 16;

struct InvitedSeat {
  SeatId id;
  std::string name;
  std::string place;  // may be empty
  Role role{};
  std::string invitation;    // 128 random bits in hex: what the link carries; empty: no link
  std::uint32_t serial = 1;  // grows when the invitation is renewed: tokens of older ones are worth nothing then
};

struct Roster {
  std::string id;
  std::string title;
  std::string time_zone;  // empty: the reader's
  Mode mode{};
  SeatId stage;  // who is on stage at first; empty: nobody
  std::vector<InvitedSeat> seats;
};

}  // namespace bridgehall::conference

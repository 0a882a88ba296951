// What is asked of a conference, by a seat or by the server itself.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "conference/state.h"

namespace bridgehall::conference {

// -- from whoever sits on a seat --

struct OpenMicrophone {
  SeatId seat;
};
struct CloseMicrophone {
  SeatId seat;
};
// Everybody's but the own and one more.
struct CloseMicrophones {
  SeatId except;  // empty: none
};
struct OpenCamera {
  SeatId seat;
};
struct CloseCamera {
  SeatId seat;
};
struct SetStage {
  SeatId seat;  // empty: nobody
};
struct SetMode {
  Mode mode{};
};
struct SetLayout {
  Layout layout{};
};
struct SetLock {
  bool locked = false;
};
struct Remove {
  SeatId seat;
};
struct RaiseHand {
  HandKind kind{};
};
struct LowerHand {
  SeatId seat;
};
struct Say {
  std::string text;
  Audience to{};
};
struct ShareSlides {
  bool sharing = false;
};

// -- from the server, when a connection comes or goes --

struct Arrive {
  SeatId seat;
  std::string name;  // of a seat that is not known yet
  Role role{};
  bool microphone = false;  // open it at once, if this seat may
  bool camera = false;
  bool forced = false;  // by a moderator's own token: the gates follow the wish, and a lock does not hold it
  std::vector<TrackUse> sends;
};
struct Depart {
  SeatId seat;
  LeaveReason reason{};
};
// The tracks that a present seat offers have changed; none: its media are gone while its page is still here.
struct ChangeSends {
  SeatId seat;
  std::vector<TrackUse> sends;
};

using Command =
    std::variant<OpenMicrophone, CloseMicrophone, CloseMicrophones, OpenCamera, CloseCamera, SetStage, SetMode,
                 SetLayout, SetLock, Remove, RaiseHand, LowerHand, Say, ShareSlides, Arrive, Depart, ChangeSends>;

}  // namespace bridgehall::conference

// What happened in a conference. Each event gets the conference's next sequence number; the state is the fold of them.
#pragma once

#include <variant>
#include <vector>

#include "conference/state.h"

namespace bridgehall::conference {

// A seat that was not in the roster.
struct SeatAdded {
  SeatId seat;
  std::string name;
  std::string place;
  Role role{};
};
struct Joined {
  SeatId seat;
};
struct Left {
  SeatId seat;
  LeaveReason reason{};
};
struct MicrophoneChanged {
  SeatId seat;
  Microphone microphone;
};
struct CameraChanged {
  SeatId seat;
  Camera camera;
};
struct SendsChanged {
  SeatId seat;
  std::vector<TrackUse> sends;
};
struct StageChanged {
  SeatId seat;  // empty: nobody
};
struct SlidesChanged {
  SeatId seat;  // empty: none
};
struct ModeChanged {
  Mode mode{};
};
struct LayoutChanged {
  Layout layout{};
};
struct LockChanged {
  bool locked = false;
};
struct HandRaised {
  SeatId seat;
  Hand hand;
};
struct HandLowered {
  SeatId seat;
};
struct ChatSaid {
  ChatMessage message;
};

using Event = std::variant<SeatAdded, Joined, Left, MicrophoneChanged, CameraChanged, SendsChanged, StageChanged,
                           SlidesChanged, ModeChanged, LayoutChanged, LockChanged, HandRaised, HandLowered, ChatSaid>;

}  // namespace bridgehall::conference

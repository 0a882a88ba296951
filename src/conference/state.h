// What a conference is at one moment, as everyone allowed to would see it. Changed by apply() alone; plain values,
// control thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conference/policy.h"

namespace bridgehall::conference {

// A seat's id: a valid name (policy.h), also the name of what it publishes.
using SeatId = std::string;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Who opens microphones. discussion: everyone the own one; conference: the chair.
enum class Mode : std::uint8_t { discussion, conference };
// How the hall's screen is divided; the pages' matter, kept here because the chair decides it for all.
enum class Layout : std::uint8_t { speaker, side_by_side, mosaic, slides };
// By whom a microphone or camera was closed last. Who was closed by the chair does not open again by rejoining.
enum class Closer : std::uint8_t { nobody, self, chair };
enum class TrackUse : std::uint8_t { microphone, camera, slides };
enum class HandKind : std::uint8_t { contribution, reply, point_of_order, technical };
enum class Audience : std::uint8_t { everyone, chair };
enum class LeaveReason : std::uint8_t { left, lost, replaced, removed, revoked, closed };

// The server's gate: a closed one's packets are not forwarded, whatever the client does.
struct Microphone {
  bool open = false;
  Closer closed_by = Closer::nobody;
  bool granted = false;  // the chair gave the floor: heard before those who merely opened it
  bool operator==(const Microphone&) const = default;
};
struct Camera {
  bool open = false;
  Closer closed_by = Closer::nobody;
  bool operator==(const Camera&) const = default;
};
// A floor request.
struct Hand {
  HandKind kind{};
  WallTime raised_at{};
  bool operator==(const Hand&) const = default;
};

struct Seat {
  SeatId id;
  std::string name;
  std::string place;  // where it is, or whom it stands for; may be empty
  Role role{};
  bool present = false;
  bool admitted = false;  // may come back while the conference is locked
  Microphone microphone;
  Camera camera;
  std::vector<TrackUse> sends;  // one entry for each camera of the room
  std::optional<Hand> hand;
  bool operator==(const Seat&) const = default;
};

struct ChatMessage {
  std::uint64_t number = 0;
  SeatId seat;
  std::string text;
  Audience to{};
  WallTime sent_at{};
  bool operator==(const ChatMessage&) const = default;
};

struct State {
  static constexpr std::size_t kMaxSeats = 4096;
  static constexpr std::size_t kMaxChat = 200;  // kept; older ones are forgotten

  std::string id;
  std::string title;
  std::string time_zone;  // of the hall, as the time zone database names it; empty: the reader's
  Mode mode{};
  Layout layout{};
  bool locked = false;
  SeatId stage;   // empty: nobody
  SeatId slides;  // whose slides are shown; empty: none
  std::vector<Seat> seats;
  std::deque<ChatMessage> chat;
  std::uint64_t chat_number = 0;
  std::uint64_t sequence = 0;  // of the last event applied
  bool operator==(const State&) const = default;

  const Seat* find(std::string_view seat) const {
    const auto found = std::find_if(seats.begin(), seats.end(), [&](const Seat& s) { return s.id == seat; });
    return found == seats.end() ? nullptr : &*found;
  }
  Seat* find(std::string_view seat) { return const_cast<Seat*>(std::as_const(*this).find(seat)); }
};

}  // namespace bridgehall::conference

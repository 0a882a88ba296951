// A receiver's place for a track, as the control plane sees it: what it is asked to show, what it was filled with, and
// what its page is told of it.
#pragma once

#include <cstdint>

#include "conference/state.h"
#include "media/api.h"
#include "session/negotiation.h"

namespace bridgehall::conference {

// The layer that a slot asks for; off: it is hidden and costs nothing.
enum class Quality : std::uint8_t { off, low, medium, high };

enum class SlotState : std::uint8_t {
  empty,
  waiting,  // for the first keyframe
  showing,
  closed,       // the camera's gate
  not_sending,  // nothing arrives from there
  line,         // the receiver's line is too weak
  undecodable,  // the receiver's offer had no codec for it
};

// What a page asks a tile to show.
struct SlotDemand {
  media::SlotNumber slot = 0;
  SeatId seat;  // empty: nothing
  std::uint8_t camera = 0;
  Quality quality = Quality::off;
};

struct SlotContent {
  SeatId seat;  // empty: none
  SlotState state = SlotState::empty;
  Quality quality = Quality::off;
  bool operator==(const SlotContent&) const = default;
};

struct Slot {
  media::SlotUse use{};
  session::NegotiatedSlot negotiated;
  // Tiles: as demanded. The stage and slides follow the conference.
  SeatId seat;
  std::uint8_t camera = 0;
  Quality quality = Quality::high;

  media::PublicationId filled{};  // 0: nothing
  std::uint8_t payload_type = 0;
  std::uint8_t layer = 0;
  media::SlotFlow flow{};
  bool keeps = false;  // until the first keyframe it may go on showing what it was filled with before

  SlotContent content;
  bool told = true;  // the page knows `content`
};

}  // namespace bridgehall::conference

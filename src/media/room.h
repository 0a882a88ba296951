// One conference's voices: who is heard, in which lines, and what was last said about it.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "media/api.h"
#include "media/history.h"
#include "media/indices.h"
#include "media/shard_number.h"
#include "media/speaker_selection.h"

namespace bridgehall::media {

struct Room {
  explicit Room(RoomId id_) : id(id_) {}

  RoomId id;
  std::optional<ShardNumber> home;  // another shard, which decides who is heard; the lines here are mirrors
  SpeakerSelection selection;
  // By voice place, and last the line of the one voice that leads.
  std::array<LayerIndex, kVoicePlaces + 1> lines{};

  // Voices' packets of this turn, to be copied once it is decided who is heard; at most a receive batch.
  struct Heard {
    PublicationIndex publication;
    Arrival arrival = 0;
  };
  std::vector<Heard> heard;
  bool unsettled = false;

  VoicesChanged said;  // the last event
  TimePoint next_event{};
};

}  // namespace bridgehall::media

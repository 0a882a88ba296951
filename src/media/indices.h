// Where things lie in a shard's tables, by type. Indices are used again after their owner has gone.
#pragma once

#include <cstdint>

#include "base/id.h"

namespace bridgehall::media {

using PeerIndex = Id<struct PeerIndexTag>;
using PublicationIndex = Id<struct PublicationIndexTag>;
using LayerIndex = Id<struct LayerIndexTag>;
using RoomIndex = Id<struct RoomIndexTag>;
// A voice of one room, by its number there.
using Voice = Id<struct VoiceTag, std::uint8_t>;

inline constexpr PublicationIndex kNoPublication{UINT32_MAX};
inline constexpr LayerIndex kNoLayer{UINT32_MAX};
inline constexpr RoomIndex kNoRoom{UINT32_MAX};

// A peer's incoming or outgoing stream by its place in that peer.
struct TrackRef {
  PeerIndex peer;
  std::uint32_t track = 0;
  bool operator==(const TrackRef&) const = default;
};

}  // namespace bridgehall::media

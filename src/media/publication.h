// One media track sent in: whether it is open, the encodings that it is sent in, and the slots that are filled with it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "media/api.h"
#include "media/indices.h"
#include "media/shard_number.h"

namespace bridgehall::media {

struct Publication {
  Publication(PublicationId id_, wire::Codec codec_, RoomIndex room_) : id(id_), codec(codec_), room(room_) {}

  wire::MediaKind kind() const { return wire::kind_of(codec); }
  std::span<const LayerIndex> layers() const { return {layer_places.data(), layer_count}; }

  PublicationId id;
  wire::Codec codec;
  bool open = false;
  std::array<LayerIndex, kMaxLayers> layer_places{};  // lowest first
  std::uint8_t layer_count = 0;
  std::vector<TrackRef> slots;  // filled with it, whether they show it yet or not

  // Where its packets come in: at this shard, until another says that it has the sender.
  std::optional<ShardNumber> home;  // another shard
  PeerId sender{};                  // the latest

  // Audio.
  RoomIndex room;  // kNoRoom: heard by name only
  VoiceRank rank = VoiceRank::open;
  std::optional<Voice> voice;  // while it is open

  // Packets arrive; see Flow.
  bool flowing = false;
  bool said_flowing = false;  // the last FlowChanged
  TimePoint last_packet{};
};

}  // namespace bridgehall::media

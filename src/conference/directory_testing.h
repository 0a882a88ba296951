// What tests of the media side of conferences share: orders as negotiation would have filled them in, and the media
// core's commands in short words.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "conference/directory.h"

namespace bridgehall::conference {

inline session::NegotiatedTrack track(wire::Codec codec, std::string fmtp = {}) {
  session::NegotiatedTrack result;
  result.mid = codec == wire::Codec::opus ? "0" : "1";
  result.kind = wire::kind_of(codec);
  result.codec.codec = codec;
  result.codec.fmtp = std::move(fmtp);
  return result;
}

// Of a client that decodes VP8 as 96 and VP9 as 98.
inline session::NegotiatedSlot negotiated_slot(media::SlotUse use) {
  session::NegotiatedSlot slot{.mid = "9"};
  if (use == media::SlotUse::voice) {
    slot.kind = wire::MediaKind::audio;
    slot.codecs = {{.codec = wire::Codec::opus, .payload_type = 111}};
  } else {
    slot.kind = wire::MediaKind::video;
    slot.codecs = {{.codec = wire::Codec::vp8, .payload_type = 96, .rtx_payload_type = 97},
                   {.codec = wire::Codec::vp9, .payload_type = 98, .rtx_payload_type = 99}};
  }
  return slot;
}

using Uses = std::vector<TrackUse>;
using SlotUses = std::vector<media::SlotUse>;
inline const Uses kRoom{TrackUse::microphone, TrackUse::camera, TrackUse::slides};
inline const SlotUses kView{media::SlotUse::voice, media::SlotUse::stage, media::SlotUse::slides, media::SlotUse::tile,
                            media::SlotUse::tile};

// A page's join: in the slots' order as it is answered, slot 0 is the stage, 1 slides, 2 and 3 tiles, 4 the voice.
inline ParticipantOrder participant_order(const std::string& seat, Role role = Role::site, const Uses& sends = kRoom,
                                          wire::Codec camera = wire::Codec::vp8, const SlotUses& slots = kView) {
  ParticipantOrder order{.conference = "demo", .publication = seat, .principal = {role, seat}};
  for (const auto use : sends) {
    order.sends.push_back({std::to_string(order.sends.size()), use});
    order.negotiated.tracks.push_back(track(use == TrackUse::microphone ? wire::Codec::opus : camera));
  }
  for (const auto use : slots) order.slots.push_back({"s" + std::to_string(order.slots.size()), use});
  return order;
}

// By the directory's terms.
inline void negotiate(Directory& directory, ParticipantOrder& order) {
  BRIDGEHALL_CHECK(directory.participant_terms(order).has_value());
  for (const auto& slot : order.slots) order.negotiated.slots.push_back(negotiated_slot(slot.use));
}

inline SessionOrder publisher_order(const std::string& name, Principal who,
                                    std::vector<session::NegotiatedTrack> tracks = {track(wire::Codec::opus),
                                                                                    track(wire::Codec::vp8)}) {
  SessionOrder order{.conference = "demo", .publication = name, .principal = std::move(who)};
  order.local = {"ufrag", "password"};
  order.negotiated.tracks = std::move(tracks);
  return order;
}

using Names = std::vector<std::string>;

// Of a viewer whose offer had an m-line for all that the terms have.
inline SessionOrder viewer_order(const session::ViewTerms& terms, Principal who = {Role::viewer, "v"}) {
  auto order = publisher_order(terms.sources.front().stream_id, std::move(who), {});
  for (const auto& source : terms.sources) {
    order.negotiated.tracks.push_back(track(source.codec));
    order.negotiated.tracks.back().source = order.negotiated.tracks.size() - 1;
  }
  return order;
}

struct CommandWords {
  std::string operator()(const media::AddRoom& c) const { return fmt::format("room {}", c.room.value()); }
  std::string operator()(const media::RemoveRoom& c) const { return fmt::format("remove room {}", c.room.value()); }
  std::string operator()(const media::AddPublication& c) const { return fmt::format("add {}", c.publication.value()); }
  std::string operator()(const media::SetGate& c) const {
    return fmt::format("{} {}", c.open ? "open" : "shut", c.publication.value());
  }
  std::string operator()(const media::SetVoiceRank& c) const {
    return fmt::format("rank {}:{}", c.publication.value(), static_cast<int>(c.rank));
  }
  std::string operator()(const media::RemovePublication& c) const {
    return fmt::format("remove {}", c.publication.value());
  }
  std::string operator()(const std::unique_ptr<media::CreatePeer>& c) const {
    auto text = fmt::format("peer {}", c->peer.value());
    for (const auto& t : c->incoming) text += fmt::format(" in:{}", t.publication.value());
    for (const auto& t : c->outgoing)
      if (t.publication != media::PublicationId{}) text += fmt::format(" out:{}", t.publication.value());
    return text;
  }
  std::string operator()(const media::FillSlot& c) const {
    return fmt::format("fill {}.{} with {} layer {} as {}", c.peer.value(), c.slot, c.publication.value(), c.layer,
                       c.payload_type);
  }
  std::string operator()(const media::EmptySlot& c) const { return fmt::format("empty {}.{}", c.peer.value(), c.slot); }
  std::string operator()(const media::RestartIce& c) const { return fmt::format("restart {}", c.peer.value()); }
  std::string operator()(const media::ClosePeer& c) const { return fmt::format("close {}", c.peer.value()); }
  std::string operator()(const media::ReadCounters&) const { return "counters"; }
};

using Words = std::vector<std::string>;

// All that the media core is told, in order.
inline Words take_commands(Directory& directory) {
  Words words;
  while (auto command = directory.poll_command()) words.push_back(std::visit(CommandWords{}, *command));
  return words;
}

}  // namespace bridgehall::conference

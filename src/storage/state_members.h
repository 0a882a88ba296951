// The members of what a conference's state and events are made of, as the record names them (json_members.h).
#pragma once

#include "conference/state.h"
#include "storage/json_members.h"

namespace bridgehall::conference {

template <class Archive>
void members(Archive& archive, storage::Of<Archive, Microphone>& microphone) {
  archive("open", microphone.open);
  archive("closed_by", microphone.closed_by);
  archive("granted", microphone.granted);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, Camera>& camera) {
  archive("open", camera.open);
  archive("closed_by", camera.closed_by);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, Hand>& hand) {
  archive("kind", hand.kind);
  archive("raised_at", hand.raised_at);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, ChatMessage>& message) {
  archive("number", message.number);
  archive("seat", message.seat);
  archive("text", message.text);
  archive("to", message.to);
  archive("sent_at", message.sent_at);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, Seat>& seat) {
  archive("id", seat.id);
  archive("name", seat.name);
  archive("place", seat.place);
  archive("role", seat.role);
  archive("present", seat.present);
  archive("admitted", seat.admitted);
  archive("microphone", seat.microphone);
  archive("camera", seat.camera);
  archive("sends", seat.sends);
  archive("hand", seat.hand);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, State>& state) {
  archive("id", state.id);
  archive("title", state.title);
  archive("time_zone", state.time_zone);
  archive("mode", state.mode);
  archive("layout", state.layout);
  archive("locked", state.locked);
  archive("stage", state.stage);
  archive("slides", state.slides);
  archive("seats", state.seats);
  archive("chat", state.chat);
  archive("chat_number", state.chat_number);
  archive("sequence", state.sequence);
}

}  // namespace bridgehall::conference

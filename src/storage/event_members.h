// The members of each kind of event, as the record names them (json_members.h).
#pragma once

#include "conference/event.h"
#include "storage/state_members.h"

namespace bridgehall::conference {

template <class Archive>
void members(Archive& archive, storage::Of<Archive, SeatAdded>& event) {
  archive("seat", event.seat);
  archive("name", event.name);
  archive("place", event.place);
  archive("role", event.role);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, Joined>& event) {
  archive("seat", event.seat);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, Left>& event) {
  archive("seat", event.seat);
  archive("reason", event.reason);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, MicrophoneChanged>& event) {
  archive("seat", event.seat);
  archive("microphone", event.microphone);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, CameraChanged>& event) {
  archive("seat", event.seat);
  archive("camera", event.camera);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, SendsChanged>& event) {
  archive("seat", event.seat);
  archive("sends", event.sends);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, StageChanged>& event) {
  archive("seat", event.seat);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, SlidesChanged>& event) {
  archive("seat", event.seat);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, ModeChanged>& event) {
  archive("mode", event.mode);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, LayoutChanged>& event) {
  archive("layout", event.layout);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, LockChanged>& event) {
  archive("locked", event.locked);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, HandRaised>& event) {
  archive("seat", event.seat);
  archive("hand", event.hand);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, HandLowered>& event) {
  archive("seat", event.seat);
}

template <class Archive>
void members(Archive& archive, storage::Of<Archive, ChatSaid>& event) {
  archive("message", event.message);
}

}  // namespace bridgehall::conference

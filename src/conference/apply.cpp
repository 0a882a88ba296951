#include "conference/apply.h"

namespace bridgehall::conference {
namespace {

void change(State& state, const SeatAdded& event) {
  if (!state.find(event.seat))
    state.seats.push_back({.id = event.seat, .name = event.name, .place = event.place, .role = event.role});
}

void change(State& state, const Joined& event) {
  if (auto* seat = state.find(event.seat)) seat->present = seat->admitted = true;
}

// Its gates stay as they were: who comes back by the same way finds them so, and who was closed by the chair stays
// closed.
void change(State& state, const Left& event) {
  auto* seat = state.find(event.seat);
  if (!seat) return;
  seat->present = false;
  seat->sends.clear();
  seat->hand.reset();
  if (event.reason == LeaveReason::removed || event.reason == LeaveReason::revoked) seat->admitted = false;
}

void change(State& state, const MicrophoneChanged& event) {
  if (auto* seat = state.find(event.seat)) seat->microphone = event.microphone;
}

void change(State& state, const CameraChanged& event) {
  if (auto* seat = state.find(event.seat)) seat->camera = event.camera;
}

void change(State& state, const SendsChanged& event) {
  if (auto* seat = state.find(event.seat)) seat->sends = event.sends;
}

void change(State& state, const StageChanged& event) { state.stage = event.seat; }

void change(State& state, const SlidesChanged& event) { state.slides = event.seat; }

void change(State& state, const ModeChanged& event) { state.mode = event.mode; }

void change(State& state, const LayoutChanged& event) { state.layout = event.layout; }

void change(State& state, const LockChanged& event) { state.locked = event.locked; }

void change(State& state, const HandRaised& event) {
  if (auto* seat = state.find(event.seat)) seat->hand = event.hand;
}

void change(State& state, const HandLowered& event) {
  if (auto* seat = state.find(event.seat)) seat->hand.reset();
}

void change(State& state, const ChatSaid& event) {
  state.chat_number = event.message.number;
  state.chat.push_back(event.message);
  if (state.chat.size() > State::kMaxChat) state.chat.pop_front();
}

}  // namespace

void apply(State& state, const Event& event) {
  ++state.sequence;
  std::visit([&](const auto& what) { change(state, what); }, event);
}

}  // namespace bridgehall::conference

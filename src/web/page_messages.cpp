#include "web/page_messages.h"

namespace bridgehall::web {
namespace {

template <class To, class From>
To as(From value) {
  return static_cast<To>(value);
}

std::uint64_t milliseconds(conference::WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

std::optional<std::string> some(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

messages::Microphone to_message(const conference::Microphone& microphone) {
  return {
      .open = microphone.open, .closed_by = as<messages::Closer>(microphone.closed_by), .granted = microphone.granted};
}

messages::Camera to_message(const conference::Camera& camera) {
  return {.open = camera.open, .closed_by = as<messages::Closer>(camera.closed_by)};
}

messages::Hand to_message(const conference::Hand& hand) {
  return {.kind = as<messages::HandKind>(hand.kind), .raised_at = milliseconds(hand.raised_at)};
}

messages::ChatMessage to_message(const conference::ChatMessage& message) {
  return {.number = message.number,
          .seat = message.seat,
          .text = message.text,
          .to = as<messages::Audience>(message.to),
          .sent_at = milliseconds(message.sent_at)};
}

std::vector<messages::TrackUse> to_message(const std::vector<conference::TrackUse>& uses) {
  std::vector<messages::TrackUse> result;
  for (const auto use : uses) result.push_back(as<messages::TrackUse>(use));
  return result;
}

messages::Seat to_message(const conference::Seat& seat) {
  messages::Seat result{.id = seat.id,
                        .name = seat.name,
                        .place = some(seat.place),
                        .role = as<messages::Role>(seat.role),
                        .present = seat.present,
                        .microphone = to_message(seat.microphone),
                        .camera = to_message(seat.camera),
                        .sends = to_message(seat.sends)};
  if (seat.hand) result.hand = to_message(*seat.hand);
  return result;
}

struct EventWriter {
  messages::Event operator()(const conference::SeatAdded& e) const {
    return messages::SeatAdded{
        to_message(conference::Seat{.id = e.seat, .name = e.name, .place = e.place, .role = e.role})};
  }
  messages::Event operator()(const conference::Joined& e) const { return messages::Joined{e.seat}; }
  messages::Event operator()(const conference::Left& e) const {
    return messages::Left{e.seat, as<messages::LeaveReason>(e.reason)};
  }
  messages::Event operator()(const conference::MicrophoneChanged& e) const {
    return messages::MicrophoneChanged{e.seat, to_message(e.microphone)};
  }
  messages::Event operator()(const conference::CameraChanged& e) const {
    return messages::CameraChanged{e.seat, to_message(e.camera)};
  }
  messages::Event operator()(const conference::SendsChanged& e) const {
    return messages::SendsChanged{e.seat, to_message(e.sends)};
  }
  messages::Event operator()(const conference::StageChanged& e) const { return messages::StageChanged{some(e.seat)}; }
  messages::Event operator()(const conference::SlidesChanged& e) const { return messages::SlidesChanged{some(e.seat)}; }
  messages::Event operator()(const conference::ModeChanged& e) const {
    return messages::ModeChanged{as<messages::Mode>(e.mode)};
  }
  messages::Event operator()(const conference::LayoutChanged& e) const {
    return messages::LayoutChanged{as<messages::Layout>(e.layout)};
  }
  messages::Event operator()(const conference::LockChanged& e) const { return messages::LockChanged{e.locked}; }
  messages::Event operator()(const conference::HandRaised& e) const {
    return messages::HandRaised{e.seat, to_message(e.hand)};
  }
  messages::Event operator()(const conference::HandLowered& e) const { return messages::HandLowered{e.seat}; }
  messages::Event operator()(const conference::ChatSaid& e) const { return messages::ChatSaid{to_message(e.message)}; }
};

struct CommandReader {
  using Result = std::optional<conference::Command>;
  Result operator()(const messages::OpenMicrophone& m) const { return conference::OpenMicrophone{m.seat}; }
  Result operator()(const messages::CloseMicrophone& m) const { return conference::CloseMicrophone{m.seat}; }
  Result operator()(const messages::CloseMicrophones& m) const {
    return conference::CloseMicrophones{m.except.value_or("")};
  }
  Result operator()(const messages::OpenCamera& m) const { return conference::OpenCamera{m.seat}; }
  Result operator()(const messages::CloseCamera& m) const { return conference::CloseCamera{m.seat}; }
  Result operator()(const messages::SetStage& m) const { return conference::SetStage{m.seat.value_or("")}; }
  Result operator()(const messages::SetMode& m) const { return conference::SetMode{as<conference::Mode>(m.mode)}; }
  Result operator()(const messages::SetLayout& m) const {
    return conference::SetLayout{as<conference::Layout>(m.layout)};
  }
  Result operator()(const messages::Lock& m) const { return conference::SetLock{m.locked}; }
  Result operator()(const messages::Remove& m) const { return conference::Remove{m.seat}; }
  Result operator()(const messages::RaiseHand& m) const {
    return conference::RaiseHand{as<conference::HandKind>(m.kind)};
  }
  Result operator()(const messages::LowerHand& m) const { return conference::LowerHand{m.seat}; }
  Result operator()(const messages::Chat& m) const { return conference::Say{m.text, as<conference::Audience>(m.to)}; }
  Result operator()(const messages::ShareSlides& m) const { return conference::ShareSlides{m.sharing}; }
  Result operator()(const auto&) const { return std::nullopt; }
};

}  // namespace

messages::Conference to_message(const conference::State& state) {
  messages::Conference result{.id = state.id,
                              .title = state.title,
                              .time_zone = some(state.time_zone),
                              .mode = as<messages::Mode>(state.mode),
                              .layout = as<messages::Layout>(state.layout),
                              .locked = state.locked,
                              .stage = some(state.stage),
                              .slides = some(state.slides)};
  for (const auto& seat : state.seats) result.seats.push_back(to_message(seat));
  for (const auto& message : state.chat) result.chat.push_back(to_message(message));
  return result;
}

messages::Event to_message(const conference::Event& event) { return std::visit(EventWriter{}, event); }

messages::SlotContent to_message(const conference::Directory::ChangedSlot& slot) {
  return {.slot = slot.slot,
          .seat = some(slot.content.seat),
          .state = as<messages::SlotState>(slot.content.state),
          .quality = as<messages::Quality>(slot.content.quality)};
}

std::vector<messages::Action> to_message(const std::vector<conference::Action>& actions) {
  std::vector<messages::Action> result;
  for (const auto action : actions) result.push_back(as<messages::Action>(action));
  return result;
}

messages::RecordingTrouble to_message(const conference::RecordReport& report) {
  messages::RecordingTrouble result;
  if (report.trouble) result.trouble = as<messages::RecordTrouble>(*report.trouble);
  for (const auto& closing : report.unrecorded)
    result.unrecorded.push_back({as<messages::ClosedThing>(closing.what), some(closing.seat)});
  return result;
}

messages::RefusalCode to_message(conference::RefusalCode code) {
  switch (code) {
    case conference::RefusalCode::not_recorded:
      return messages::RefusalCode::not_recorded;
    case conference::RefusalCode::not_allowed:
      return messages::RefusalCode::not_allowed;
    case conference::RefusalCode::needs_floor:
      return messages::RefusalCode::needs_floor;
    case conference::RefusalCode::unknown_seat:
      return messages::RefusalCode::unknown_seat;
    case conference::RefusalCode::not_joined:
      return messages::RefusalCode::not_joined;
    case conference::RefusalCode::not_connected:
      return messages::RefusalCode::not_connected;
    case conference::RefusalCode::locked:
      return messages::RefusalCode::locked;
    case conference::RefusalCode::full:
      return messages::RefusalCode::full;
    case conference::RefusalCode::malformed:
      break;
  }
  return messages::RefusalCode::malformed;
}

messages::ByeCode to_message(conference::LeaveReason reason) {
  switch (reason) {
    case conference::LeaveReason::replaced:
      return messages::ByeCode::replaced;
    case conference::LeaveReason::removed:
      return messages::ByeCode::removed;
    case conference::LeaveReason::revoked:
      return messages::ByeCode::revoked;
    case conference::LeaveReason::left:
    case conference::LeaveReason::lost:
    case conference::LeaveReason::closed:
      break;
  }
  return messages::ByeCode::draining;
}

std::optional<conference::Command> to_command(const messages::ClientMessage& message) {
  return std::visit(CommandReader{}, message);
}

}  // namespace bridgehall::web

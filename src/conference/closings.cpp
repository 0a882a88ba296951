#include "conference/closings.h"

#include <algorithm>

namespace bridgehall::conference {
namespace {

// What an event is about: a seat's id, or empty for the conference as a whole.
SeatId subject_of(const Event& event) {
  return std::visit(
      []<class Kind>(const Kind& what) -> SeatId {
        // Their seat is what they change, not whose they are.
        if constexpr (std::is_same_v<Kind, StageChanged> || std::is_same_v<Kind, SlidesChanged>) return {};
        if constexpr (requires { what.seat; }) return what.seat;
        return {};
      },
      event);
}

struct SaysOtherwise {
  const State& record;

  template <class Holds>
  bool seat(const SeatId& id, Holds&& holds) const {
    const auto* seat = record.find(id);
    return seat && !holds(*seat);
  }
  bool operator()(const MicrophoneChanged& e) const {
    return seat(e.seat, [&](const Seat& s) { return s.microphone == e.microphone; });
  }
  bool operator()(const CameraChanged& e) const {
    return seat(e.seat, [&](const Seat& s) { return s.camera == e.camera; });
  }
  bool operator()(const SendsChanged& e) const {
    return seat(e.seat, [&](const Seat& s) { return s.sends == e.sends; });
  }
  bool operator()(const Left& e) const {
    return seat(e.seat, [](const Seat& s) { return !s.present; });
  }
  bool operator()(const StageChanged& e) const { return record.stage != e.seat; }
  bool operator()(const SlidesChanged& e) const { return record.slides != e.seat; }
  bool operator()(const LockChanged& e) const { return record.locked != e.locked; }
  bool operator()(const ModeChanged& e) const { return record.mode != e.mode; }
  bool operator()(const auto&) const { return false; }
};

std::optional<ClosedThing> thing_of(const Event& event) {
  if (std::holds_alternative<MicrophoneChanged>(event)) return ClosedThing::microphone;
  if (std::holds_alternative<CameraChanged>(event)) return ClosedThing::camera;
  if (std::holds_alternative<SlidesChanged>(event)) return ClosedThing::slides;
  if (std::holds_alternative<StageChanged>(event)) return ClosedThing::stage;
  if (std::holds_alternative<Left>(event)) return ClosedThing::presence;
  if (std::holds_alternative<LockChanged>(event)) return ClosedThing::lock;
  if (std::holds_alternative<ModeChanged>(event)) return ClosedThing::mode;
  return std::nullopt;  // what a seat sends: nobody's decision
}

}  // namespace

bool closes(const Event& event) {
  if (const auto* changed = std::get_if<MicrophoneChanged>(&event)) return !changed->microphone.open;
  if (const auto* changed = std::get_if<CameraChanged>(&event)) return !changed->camera.open;
  if (const auto* changed = std::get_if<SlidesChanged>(&event)) return changed->seat.empty();
  if (const auto* changed = std::get_if<StageChanged>(&event)) return changed->seat.empty();
  if (const auto* changed = std::get_if<SendsChanged>(&event)) return changed->sends.empty();
  if (const auto* changed = std::get_if<LockChanged>(&event)) return changed->locked;
  if (const auto* changed = std::get_if<ModeChanged>(&event)) return changed->mode == Mode::conference;
  return std::holds_alternative<Left>(event);
}

bool same_subject(const Event& a, const Event& b) { return a.index() == b.index() && subject_of(a) == subject_of(b); }

void UnrecordedClosings::add(RecordedEvent closing) {
  settle(closing.event);
  closings_.push_back(std::move(closing));
}

bool UnrecordedClosings::settle(const Event& written) {
  return std::erase_if(closings_, [&](const auto& closing) { return same_subject(closing.event, written); }) > 0;
}

const std::vector<RecordedEvent>& UnrecordedClosings::against(const State& record) {
  std::erase_if(closings_, [&](const auto& closing) { return !std::visit(SaysOtherwise{record}, closing.event); });
  return closings_;
}

std::vector<UnrecordedClosing> UnrecordedClosings::for_people() const {
  std::vector<UnrecordedClosing> told;
  for (const auto& closing : closings_)
    if (const auto thing = thing_of(closing.event)) told.push_back({*thing, subject_of(closing.event)});
  if (told.size() > kMostTold) told.erase(told.begin(), told.end() - kMostTold);
  return told;
}

}  // namespace bridgehall::conference

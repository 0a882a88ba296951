#include "sim/mirror.h"

#include <algorithm>

namespace bridgehall::sim {
namespace {

constexpr std::size_t kMaxChat = 200;

struct Fold {
  messages::Conference& conference;

  template <class Change>
  void change(std::string_view id, Change&& what) {
    for (auto& seat : conference.seats)
      if (seat.id == id) what(seat);
  }

  void operator()(const messages::SeatAdded& e) {
    const bool known = std::any_of(conference.seats.begin(), conference.seats.end(),
                                   [&](const auto& seat) { return seat.id == e.seat.id; });
    if (!known) conference.seats.push_back(e.seat);
  }
  void operator()(const messages::Joined& e) {
    change(e.seat, [](messages::Seat& seat) { seat.present = true; });
  }
  void operator()(const messages::Left& e) {
    change(e.seat, [](messages::Seat& seat) {
      seat.present = false;
      seat.sends.clear();
      seat.hand.reset();
    });
  }
  void operator()(const messages::MicrophoneChanged& e) {
    change(e.seat, [&](messages::Seat& seat) { seat.microphone = e.microphone; });
  }
  void operator()(const messages::CameraChanged& e) {
    change(e.seat, [&](messages::Seat& seat) { seat.camera = e.camera; });
  }
  void operator()(const messages::SendsChanged& e) {
    change(e.seat, [&](messages::Seat& seat) { seat.sends = e.sends; });
  }
  void operator()(const messages::StageChanged& e) { conference.stage = e.seat; }
  void operator()(const messages::SlidesChanged& e) { conference.slides = e.seat; }
  void operator()(const messages::ModeChanged& e) { conference.mode = e.mode; }
  void operator()(const messages::LayoutChanged& e) { conference.layout = e.layout; }
  void operator()(const messages::LockChanged& e) { conference.locked = e.locked; }
  void operator()(const messages::HandRaised& e) {
    change(e.seat, [&](messages::Seat& seat) { seat.hand = e.hand; });
  }
  void operator()(const messages::HandLowered& e) {
    change(e.seat, [](messages::Seat& seat) { seat.hand.reset(); });
  }
  void operator()(const messages::ChatSaid& e) {
    conference.chat.push_back(e.message);
    if (conference.chat.size() > kMaxChat) conference.chat.erase(conference.chat.begin());
  }
};

}  // namespace

void Mirror::follow(const messages::Event& event) { std::visit(Fold{conference}, event); }

const messages::Seat* Mirror::find(std::string_view seat) const {
  const auto found = std::find_if(conference.seats.begin(), conference.seats.end(),
                                  [&](const auto& candidate) { return candidate.id == seat; });
  return found == conference.seats.end() ? nullptr : &*found;
}

}  // namespace bridgehall::sim

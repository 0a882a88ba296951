// A page as tests play it: what it says to a Control, what it is told, and its mirror of the conference.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "messages/messages.h"
#include "web/control.h"

namespace bridgehall::web {

// All that a page knows of the conference: a snapshot with the events that followed.
struct PageMirror {
  messages::Conference conference;
  std::uint64_t sequence = 0;

  void take(const messages::Snapshot& snapshot) {
    conference = snapshot.conference;
    sequence = snapshot.sequence;
  }
  void take(const messages::Happened& happened) {
    BRIDGEHALL_CHECK(happened.sequence > sequence);
    sequence = happened.sequence;
    std::visit([&](const auto& event) { change(event); }, happened.event);
  }
  // Older messages may be remembered that the server has forgotten.
  bool equals(const messages::Conference& other) const {
    if (conference.chat.size() < other.chat.size()) return false;
    auto same = conference;
    same.chat.erase(same.chat.begin(),
                    same.chat.begin() + static_cast<std::ptrdiff_t>(same.chat.size() - other.chat.size()));
    return same == other;
  }

 private:
  messages::Seat& seat(const std::string& id) {
    const auto found = std::find_if(conference.seats.begin(), conference.seats.end(),
                                    [&](const messages::Seat& seat) { return seat.id == id; });
    BRIDGEHALL_CHECK(found != conference.seats.end());
    return *found;
  }
  void change(const messages::SeatAdded& e) { conference.seats.push_back(e.seat); }
  void change(const messages::Joined& e) { seat(e.seat).present = true; }
  void change(const messages::Left& e) {
    seat(e.seat).present = false;
    seat(e.seat).sends.clear();
    seat(e.seat).hand.reset();
  }
  void change(const messages::MicrophoneChanged& e) { seat(e.seat).microphone = e.microphone; }
  void change(const messages::CameraChanged& e) { seat(e.seat).camera = e.camera; }
  void change(const messages::SendsChanged& e) { seat(e.seat).sends = e.sends; }
  void change(const messages::StageChanged& e) { conference.stage = e.seat; }
  void change(const messages::SlidesChanged& e) { conference.slides = e.seat; }
  void change(const messages::ModeChanged& e) { conference.mode = e.mode; }
  void change(const messages::LayoutChanged& e) { conference.layout = e.layout; }
  void change(const messages::LockChanged& e) { conference.locked = e.locked; }
  void change(const messages::HandRaised& e) { seat(e.seat).hand = e.hand; }
  void change(const messages::HandLowered& e) { seat(e.seat).hand.reset(); }
  void change(const messages::ChatSaid& e) {
    conference.chat.push_back(e.message);
    if (conference.chat.size() > conference::State::kMaxChat) conference.chat.erase(conference.chat.begin());
  }
};

class TestPage {
 public:
  TestPage(Control& control, LinkId link) : control_(control), link_(link) {}

  LinkId link() const { return link_; }
  void say(const messages::ClientMessage& message, Instant now) {
    control_.handle_message(link_, messages::to_json(message), now);
  }
  void say_text(std::string_view text, Instant now) { control_.handle_message(link_, text, now); }

  // Reads all there is: what every message is held against the schema for.
  std::vector<messages::ServerMessage> read(Instant now) {
    std::vector<messages::ServerMessage> all;
    while (auto message = read_one(now)) all.push_back(std::move(*message));
    return all;
  }
  std::optional<messages::ServerMessage> read_one(Instant now) {
    const auto text = control_.next_message(link_, now);
    if (!text) return std::nullopt;
    auto message = messages::parse_server_message(*text);
    BRIDGEHALL_CHECK(message.has_value());
    note(*message);
    return std::move(*message);
  }
  std::optional<LinkEnd> end() const { return control_.end_of(link_); }

  PageMirror mirror;
  std::string session;
  std::string seat;

 private:
  void note(const messages::ServerMessage& message) {
    if (const auto* welcome = std::get_if<messages::Welcome>(&message)) {
      session = welcome->session;
      seat = welcome->seat;
    } else if (const auto* snapshot = std::get_if<messages::Snapshot>(&message)) {
      mirror.take(*snapshot);
    } else if (const auto* happened = std::get_if<messages::Happened>(&message)) {
      mirror.take(*happened);
    }
  }

  Control& control_;
  LinkId link_;
};

// The join of a browser's captured offer: microphone, camera, slides; three voices, the stage, slides and nine tiles.
inline messages::Join join_message(std::string offer, std::uint32_t id = 1, bool sends = true) {
  using messages::SlotUse;
  using messages::TrackUse;
  messages::Join join{.id = id, .offer = std::move(offer), .microphone = true, .camera = true};
  if (sends) join.sends = {{"0", TrackUse::microphone}, {"1", TrackUse::camera}, {"2", TrackUse::slides}};
  for (int mid = 3; mid < 17; ++mid)
    join.slots.push_back({std::to_string(mid), mid < 6    ? SlotUse::voice
                                               : mid == 6 ? SlotUse::stage
                                               : mid == 7 ? SlotUse::slides
                                                          : SlotUse::tile});
  return join;
}

}  // namespace bridgehall::web

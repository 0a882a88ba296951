#include "conference/decide.h"

#include <fmt/format.h>

namespace bridgehall::conference {
namespace {

using Events = std::vector<Event>;
using Decision = std::expected<Events, CommandRefusal>;

Decision refuse(RefusalCode code, std::string message, std::string field = {}) {
  return std::unexpected(CommandRefusal{code, std::move(message), std::move(field)});
}

// One command's circumstances. `self` is null when the server itself asks.
struct Case {
  const State& state;
  WallTime now;
  const Seat* self;

  bool allowed(Action action) const { return !self || may(self->role, action); }
};

Decision not_allowed(std::string_view what) {
  return refuse(RefusalCode::not_allowed, fmt::format("With this seat's role you may not {}.", what));
}

Decision unknown_seat(const SeatId& seat, std::string field = "seat") {
  return refuse(RefusalCode::unknown_seat, fmt::format("There is no seat {} in this conference.", seat),
                std::move(field));
}

// The seat that is meant, which must be present; the server itself may prepare an empty one.
std::expected<const Seat*, CommandRefusal> present_seat(const Case& c, const SeatId& id) {
  const auto* seat = c.state.find(id);
  if (!seat) return std::unexpected(unknown_seat(id).error());
  if (c.self && !seat->present)
    return std::unexpected(
        refuse(RefusalCode::not_connected, fmt::format("Nobody is connected on seat {}.", id), "seat").error());
  return seat;
}

void set_microphone(Events& events, const Seat& seat, const Microphone& wanted) {
  if (seat.microphone != wanted) events.push_back(MicrophoneChanged{seat.id, wanted});
}

void set_camera(Events& events, const Seat& seat, const Camera& wanted) {
  if (seat.camera != wanted) events.push_back(CameraChanged{seat.id, wanted});
}

// May this seat open its own microphone now, without being given the floor for it?
bool speaks_freely(const State& state, const Seat& seat) {
  if (!may(seat.role, Action::open_own_microphone)) return false;
  if (speaks_without_floor(seat.role) || seat.microphone.granted) return true;
  return state.mode == Mode::discussion && seat.microphone.closed_by != Closer::chair;
}

// Everyone but viewers.
bool sends_itself(Role role) { return may(role, Action::open_own_camera); }

bool has_slides(const std::vector<TrackUse>& sends) {
  return std::find(sends.begin(), sends.end(), TrackUse::slides) != sends.end();
}

bool shows_freely(const Seat& seat) {
  return may(seat.role, Action::open_own_camera) &&
         (speaks_without_floor(seat.role) || seat.camera.closed_by != Closer::chair);
}

Decision when(const Case& c, const OpenMicrophone& command) {
  const auto seat = present_seat(c, command.seat);
  if (!seat) return std::unexpected(seat.error());
  auto microphone = (*seat)->microphone;
  microphone.open = true;
  microphone.closed_by = Closer::nobody;
  Events events;
  if (*seat == c.self) {
    if (!may(c.self->role, Action::open_own_microphone)) return not_allowed("speak");
    if (!speaks_freely(c.state, *c.self))
      return refuse(RefusalCode::needs_floor, "The chair gives the floor here: raise your hand to ask for it.");
  } else {
    if (!c.allowed(Action::open_microphone)) return not_allowed("open other microphones");
    if (!may((*seat)->role, Action::open_own_microphone))
      return refuse(RefusalCode::not_allowed, "That seat has no microphone to be opened.", "seat");
    microphone.granted = true;
    if ((*seat)->hand) events.push_back(HandLowered{command.seat});  // it has what it asked for
  }
  set_microphone(events, **seat, microphone);
  return events;
}

Decision when(const Case& c, const CloseMicrophone& command) {
  const auto seat = present_seat(c, command.seat);
  if (!seat) return std::unexpected(seat.error());
  auto microphone = (*seat)->microphone;
  microphone.open = false;
  if (*seat == c.self) {
    // Whoever the chair has closed does not become closed by oneself with it.
    if ((*seat)->microphone.open) microphone.closed_by = Closer::self;
  } else {
    if (!c.allowed(Action::close_microphone)) return not_allowed("close other microphones");
    microphone.closed_by = Closer::chair;
    microphone.granted = false;
  }
  Events events;
  set_microphone(events, **seat, microphone);
  return events;
}

// Of the absent too: whoever was lost a moment ago does not come back into the silence. And whoever has the floor loses
// it even while coughing.
Decision when(const Case& c, const CloseMicrophones& command) {
  if (!c.allowed(Action::close_microphone)) return not_allowed("close other microphones");
  if (!command.except.empty() && !c.state.find(command.except)) return unknown_seat(command.except, "except");
  Events events;
  for (const auto& seat : c.state.seats) {
    const bool spared = &seat == c.self || seat.id == command.except;
    if (!spared && (seat.microphone.open || seat.microphone.granted))
      events.push_back(MicrophoneChanged{seat.id, {.open = false, .closed_by = Closer::chair}});
  }
  return events;
}

Decision when(const Case& c, const OpenCamera& command) {
  const auto seat = present_seat(c, command.seat);
  if (!seat) return std::unexpected(seat.error());
  if (*seat == c.self) {
    if (!may(c.self->role, Action::open_own_camera)) return not_allowed("be seen");
    if (!shows_freely(*c.self))
      return refuse(RefusalCode::not_allowed, "The chair has closed your camera; only the chair opens it again.");
  } else {
    if (!c.allowed(Action::open_camera)) return not_allowed("open other cameras");
    if (!sends_itself((*seat)->role))
      return refuse(RefusalCode::not_allowed, "That seat has no camera to be opened.", "seat");
  }
  Events events;
  set_camera(events, **seat, {.open = true});
  return events;
}

Decision when(const Case& c, const CloseCamera& command) {
  const auto seat = present_seat(c, command.seat);
  if (!seat) return std::unexpected(seat.error());
  Camera camera = (*seat)->camera;
  camera.open = false;
  if (*seat == c.self) {
    if ((*seat)->camera.open) camera.closed_by = Closer::self;
  } else {
    if (!c.allowed(Action::close_camera)) return not_allowed("close other cameras");
    camera.closed_by = Closer::chair;
  }
  Events events;
  set_camera(events, **seat, camera);
  return events;
}

Decision when(const Case& c, const SetStage& command) {
  if (!c.allowed(Action::set_stage)) return not_allowed("decide who is on stage");
  if (!command.seat.empty()) {
    const auto* seat = c.state.find(command.seat);
    if (!seat) return unknown_seat(command.seat);
    if (!sends_itself(seat->role)) return refuse(RefusalCode::not_allowed, "A viewer cannot be on stage.", "seat");
  }
  if (c.state.stage == command.seat) return Events{};
  Events events{StageChanged{command.seat}};
  // Slides that only the stage allowed to be shown go with it.
  const auto* sharer = c.state.find(c.state.slides);
  if (sharer && !may(sharer->role, Action::share_slides)) events.push_back(SlidesChanged{});
  return events;
}

Decision when(const Case& c, const SetMode& command) {
  if (!c.allowed(Action::set_mode)) return not_allowed("change the mode");
  if (c.state.mode == command.mode) return Events{};
  Events events{ModeChanged{command.mode}};
  if (command.mode == Mode::discussion) return events;
  // From now on the chair opens: those who opened without the floor are closed. Not by anyone in person: back in a
  // discussion they open again.
  for (const auto& seat : c.state.seats)
    if (seat.microphone.open && !seat.microphone.granted && !speaks_without_floor(seat.role))
      events.push_back(MicrophoneChanged{seat.id, {.open = false, .closed_by = Closer::nobody}});
  return events;
}

Decision when(const Case& c, const SetLayout& command) {
  if (!c.allowed(Action::set_layout)) return not_allowed("divide the hall's screen");
  if (c.state.layout == command.layout) return Events{};
  return Events{LayoutChanged{command.layout}};
}

Decision when(const Case& c, const SetLock& command) {
  if (!c.allowed(Action::lock)) return not_allowed("lock the conference");
  if (c.state.locked == command.locked) return Events{};
  return Events{LockChanged{command.locked}};
}

Decision when(const Case& c, const Remove& command) {
  if (!c.allowed(Action::remove)) return not_allowed("remove anyone");
  const auto seat = present_seat(c, command.seat);
  if (!seat) return std::unexpected(seat.error());
  if (*seat == c.self) return refuse(RefusalCode::not_allowed, "Leave instead of removing yourself.", "seat");
  Events events;
  set_microphone(events, **seat, {.open = false, .closed_by = Closer::chair});
  set_camera(events, **seat, {.open = false, .closed_by = (*seat)->camera.closed_by});
  if (c.state.stage == command.seat) events.push_back(StageChanged{});
  if (c.state.slides == command.seat) events.push_back(SlidesChanged{});
  events.push_back(Left{command.seat, LeaveReason::removed});
  return events;
}

Decision when(const Case& c, const RaiseHand& command) {
  if (!c.self || !c.allowed(Action::raise_hand)) return not_allowed("raise a hand");
  if (c.self->hand && c.self->hand->kind == command.kind) return Events{};
  // Another kind of request keeps its place in the queue.
  const auto since = c.self->hand ? c.self->hand->raised_at : c.now;
  return Events{HandRaised{c.self->id, {command.kind, since}}};
}

Decision when(const Case& c, const LowerHand& command) {
  const auto* seat = c.state.find(command.seat);
  if (!seat) return unknown_seat(command.seat);
  if (seat != c.self && !c.allowed(Action::lower_hand)) return not_allowed("lower other hands");
  if (!seat->hand) return Events{};
  return Events{HandLowered{command.seat}};
}

Decision when(const Case& c, const Say& command) {
  if (!c.self || !c.allowed(Action::chat)) return not_allowed("write here");
  if (command.text.find_first_not_of(" \t\r\n") == std::string::npos)
    return refuse(RefusalCode::malformed, "A message has some text.", "text");
  return Events{ChatSaid{{c.state.chat_number + 1, c.self->id, command.text, command.to, c.now}}};
}

Decision when(const Case& c, const ShareSlides& command) {
  if (!c.self) return not_allowed("share slides");
  if (!command.sharing) return c.state.slides == c.self->id ? Events{SlidesChanged{}} : Events{};
  if (!c.allowed(Action::share_slides) && c.state.stage != c.self->id)
    return refuse(RefusalCode::not_allowed, "Only who is on stage, the chair, the hall and presenters share slides.");
  if (c.self->sends.empty())
    return refuse(RefusalCode::not_joined,
                  "This seat sends nothing at the moment; join with a track for slides first.");
  if (!has_slides(c.self->sends)) return refuse(RefusalCode::malformed, "This seat joined without a track for slides.");
  if (c.state.slides == c.self->id) return Events{};
  return Events{SlidesChanged{c.self->id}};
}

Decision when(const Case& c, const Arrive& command) {
  const auto* seat = c.state.find(command.seat);
  if (c.state.locked && !command.forced && !passes_lock(command.role) && !(seat && seat->admitted))
    return refuse(RefusalCode::locked, "The conference is locked: nobody new may join now.");
  if (!seat && c.state.seats.size() >= State::kMaxSeats)
    return refuse(RefusalCode::full, "The conference has as many seats as it may have.");
  Events events;
  Seat known = seat ? *seat : Seat{.id = command.seat, .name = command.name, .role = command.role};
  if (!sends_itself(known.role) && !command.sends.empty())
    return refuse(RefusalCode::not_allowed, "A viewer sends nothing.");
  if (!seat) events.push_back(SeatAdded{.seat = command.seat, .name = command.name, .role = command.role});
  if (!known.present) events.push_back(Joined{command.seat});
  if (c.state.slides == command.seat && !has_slides(command.sends)) events.push_back(SlidesChanged{});
  if (known.sends != command.sends) events.push_back(SendsChanged{command.seat, command.sends});

  auto microphone = known.microphone;
  microphone.open = command.microphone && sends_itself(known.role) && (command.forced || speaks_freely(c.state, known));
  if (microphone.open) microphone.closed_by = Closer::nobody;
  if (microphone.open && command.forced) microphone.granted = true;  // as if a moderator had opened it
  set_microphone(events, known, microphone);
  auto camera = known.camera;
  camera.open = command.camera && sends_itself(known.role) && (command.forced || shows_freely(known));
  if (camera.open) camera.closed_by = Closer::nobody;
  set_camera(events, known, camera);
  return events;
}

Decision when(const Case& c, const Depart& command) {
  const auto* seat = c.state.find(command.seat);
  if (!seat || !seat->present) return Events{};
  Events events;
  if (c.state.slides == command.seat) events.push_back(SlidesChanged{});
  events.push_back(Left{command.seat, command.reason});
  return events;
}

Decision when(const Case& c, const ChangeSends& command) {
  const auto* seat = c.state.find(command.seat);
  if (!seat || !seat->present || seat->sends == command.sends) return Events{};
  Events events;
  if (c.state.slides == command.seat && !has_slides(command.sends)) events.push_back(SlidesChanged{});
  events.push_back(SendsChanged{command.seat, command.sends});
  return events;
}

}  // namespace

std::expected<std::vector<Event>, CommandRefusal> decide(const State& state, WallTime now, const SeatId& actor,
                                                         const Command& command) {
  const Seat* self = nullptr;
  if (!actor.empty()) {
    self = state.find(actor);
    if (!self || !self->present)
      return refuse(RefusalCode::not_joined, "Join the conference before asking for anything in it.");
  }
  const Case c{state, now, self};
  return std::visit([&](const auto& what) { return when(c, what); }, command);
}

std::vector<Action> allowed_actions(const State& state, const Seat& seat) {
  std::vector<Action> actions;
  for (std::size_t i = 0; i < kActions; ++i) {
    const auto action = static_cast<Action>(i);
    bool allowed = may(seat.role, action);
    if (action == Action::open_own_microphone) allowed = speaks_freely(state, seat);
    if (action == Action::open_own_camera) allowed = shows_freely(seat);
    if (action == Action::share_slides) allowed |= state.stage == seat.id && may(seat.role, Action::open_own_camera);
    if (allowed) actions.push_back(action);
  }
  return actions;
}

}  // namespace bridgehall::conference

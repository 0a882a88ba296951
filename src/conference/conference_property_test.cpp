// Whatever is asked of a conference in whatever order: what must always be true of it, and of every mirror.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conference/conference_testing.h"
#include "conference/event_log.h"
#include "conference/visibility.h"

namespace bridgehall::conference {
namespace {

SeatId any_seat() {
  const auto at = *rc::gen::inRange<std::size_t>(0, kRoles.size() + 2);
  if (at == kRoles.size()) return "newcomer";
  return at < kRoles.size() ? SeatId(role_name(kRoles[at])) : SeatId{};
}

std::vector<TrackUse> any_tracks() {
  return *rc::gen::container<std::vector<TrackUse>>(
      rc::gen::element(TrackUse::microphone, TrackUse::camera, TrackUse::slides));
}

Command any_command(const State& state) {
  const auto seat = any_seat();
  const bool yes = *rc::gen::arbitrary<bool>();
  switch (*rc::gen::inRange(0, 19)) {
    case 0:
    case 1:
      return OpenMicrophone{seat};
    case 2:
      return CloseMicrophone{seat};
    case 3:
      return OpenCamera{seat};
    case 4:
      return CloseCamera{seat};
    case 5:
      return SetStage{seat};
    case 6:
      return SetMode{yes ? Mode::discussion : Mode::conference};
    case 7:
      return SetLock{yes};
    case 8:
      return Remove{seat};
    case 9:
      return RaiseHand{*rc::gen::element(HandKind::contribution, HandKind::technical)};
    case 10:
      return LowerHand{seat};
    case 11:
      return Say{"Hello", yes ? Audience::everyone : Audience::chair};
    case 12:
    case 13:
      return ShareSlides{yes};
    case 14:
      return Depart{seat, *rc::gen::element(LeaveReason::left, LeaveReason::revoked)};
    case 15:
      return ChangeSends{seat, seat == "viewer" ? std::vector<TrackUse>{} : any_tracks()};
    case 16:
      return CloseMicrophones{seat};
    case 17:
      return SetLayout{*rc::gen::element(Layout::speaker, Layout::mosaic, Layout::slides)};
    default:
      break;
  }
  const auto* known = state.find(seat);
  return Arrive{.seat = seat.empty() ? "newcomer" : seat,
                .name = "Seat",
                .role = known ? known->role : Role::delegate,
                .microphone = yes,
                .camera = *rc::gen::arbitrary<bool>(),
                .forced = *rc::gen::weightedElement<bool>({{4, false}, {1, true}}),
                .sends = any_tracks()};
}

bool from_the_server(const Command& command) {
  return std::holds_alternative<Arrive>(command) || std::holds_alternative<Depart>(command) ||
         std::holds_alternative<ChangeSends>(command);
}

void check_invariants(const State& state) {
  for (const auto& seat : state.seats) {
    RC_ASSERT(seat.present || !seat.hand);
    RC_ASSERT(seat.present || seat.sends.empty());
    if (seat.role == Role::viewer) RC_ASSERT(!seat.microphone.open && !seat.camera.open && seat.sends.empty());
    RC_ASSERT(!seat.microphone.open || seat.microphone.closed_by == Closer::nobody);
    if (state.mode == Mode::conference && seat.present && seat.microphone.open)
      RC_ASSERT(seat.microphone.granted || speaks_without_floor(seat.role));
  }
  if (!state.stage.empty()) {
    RC_ASSERT(state.find(state.stage) != nullptr);
    RC_ASSERT(state.find(state.stage)->role != Role::viewer);
  }
  if (!state.slides.empty()) {
    const auto* sharer = state.find(state.slides);
    RC_ASSERT(sharer && sharer->present);
    RC_ASSERT(std::count(sharer->sends.begin(), sharer->sends.end(), TrackUse::slides) > 0);
    RC_ASSERT(may(sharer->role, Action::share_slides) || state.stage == state.slides);
  }
}

// A mirror remembers older messages than the conference, where others that it may not see came between.
bool mirrors(const State& mirror, const State& visible) {
  if (mirror.chat.size() < visible.chat.size()) return false;
  const auto older = static_cast<std::ptrdiff_t>(mirror.chat.size() - visible.chat.size());
  if (!std::equal(visible.chat.begin(), visible.chat.end(), mirror.chat.begin() + older)) return false;
  auto same = mirror;
  same.chat = visible.chat;
  same.chat_number = visible.chat_number;
  same.sequence = visible.sequence;
  return same == visible;
}

TEST(ConferenceProperties, invariants_hold_and_events_tell_all) {
  EXPECT_TRUE(rc::check([] {
    auto state = full_house(*rc::gen::element(Mode::discussion, Mode::conference));
    const auto initial = state;
    std::vector<Event> told;
    struct Mirror {
      Role role;
      SeatId seat;
      State state;
    };
    std::vector<Mirror> mirrors_of;
    for (const auto role : kRoles) {
      const SeatId seat{role_name(role)};
      mirrors_of.push_back({role, seat, visible_state(state, role, seat)});
    }
    const int steps = *rc::gen::inRange(0, 80);
    for (int step = 0; step < steps; ++step) {
      const auto command = any_command(state);
      const auto actor = from_the_server(command) ? SeatId{} : any_seat();
      if (actor.empty() && !from_the_server(command)) continue;
      const auto events = carry_out(state, actor, command, kNoon + std::chrono::seconds{step});
      if (!events) continue;
      for (const auto& event : *events) {
        told.push_back(event);
        for (auto& mirror : mirrors_of)
          if (may_see(mirror.role, mirror.seat, event)) apply(mirror.state, event);
      }
      check_invariants(state);
      for (const auto& mirror : mirrors_of)
        RC_ASSERT(mirrors(mirror.state, visible_state(state, mirror.role, mirror.seat)));
    }
    auto replayed = initial;
    for (const auto& event : told) apply(replayed, event);
    RC_ASSERT(replayed == state);
    RC_ASSERT(state.sequence == told.size());
  }));
}

TEST(ConferenceProperties, a_log_gives_back_what_was_put_in_as_far_as_it_reaches) {
  EXPECT_TRUE(rc::check([] {
    EventLog log;
    const auto count = *rc::gen::inRange<std::uint64_t>(0, 3 * EventLog::kCapacity);
    for (std::uint64_t i = 1; i <= count; ++i) log.push(Joined{std::to_string(i)});
    RC_ASSERT(log.newest() == count);
    RC_ASSERT(log.reaches(count));
    RC_ASSERT(!log.reaches(count + 1));
    const auto oldest_cursor = count < EventLog::kCapacity ? 0 : count - EventLog::kCapacity;
    RC_ASSERT(log.reaches(oldest_cursor));
    RC_ASSERT(oldest_cursor == 0 || !log.reaches(oldest_cursor - 1));
    for (auto cursor = oldest_cursor; cursor < count;) {
      ++cursor;
      RC_ASSERT(std::get<Joined>(log.at(cursor)).seat == std::to_string(cursor));
    }
  }));
}

}  // namespace
}  // namespace bridgehall::conference

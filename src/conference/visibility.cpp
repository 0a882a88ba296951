#include "conference/visibility.h"

namespace bridgehall::conference {
namespace {

bool leads(Role role) { return role == Role::chair || role == Role::moderator; }

bool sees_hand(Role role, const SeatId& viewer, const SeatId& seat) {
  return viewer == seat || may(role, Action::see_hands);
}

// To the chair: read by those who lead, and by whoever wrote it.
bool sees_chat(Role role, const SeatId& viewer, const ChatMessage& message) {
  if (message.to == Audience::chair) return viewer == message.seat || leads(role);
  return may(role, Action::chat);
}

}  // namespace

bool sees_record(Role role) { return leads(role); }

bool may_see(Role role, const SeatId& seat, const Event& event) {
  if (const auto* raised = std::get_if<HandRaised>(&event)) return sees_hand(role, seat, raised->seat);
  if (const auto* lowered = std::get_if<HandLowered>(&event)) return sees_hand(role, seat, lowered->seat);
  if (const auto* said = std::get_if<ChatSaid>(&event)) return sees_chat(role, seat, said->message);
  return true;
}

State visible_state(const State& state, Role role, const SeatId& seat) {
  State visible = state;
  for (auto& other : visible.seats)
    if (!sees_hand(role, seat, other.id)) other.hand.reset();
  std::erase_if(visible.chat, [&](const auto& message) { return !sees_chat(role, seat, message); });
  visible.chat_number = visible.chat.empty() ? 0 : visible.chat.back().number;
  return visible;
}

}  // namespace bridgehall::conference

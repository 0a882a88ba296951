#include "conference/policy.h"

#include <algorithm>

namespace bridgehall::conference {
namespace {

constexpr std::array<std::string_view, kRoles.size()> kRoleNames{"moderator", "chair",    "presenter", "hall",
                                                                 "site",      "delegate", "viewer"};

// Rows: Action. Columns: moderator, chair, presenter, hall, site, delegate, viewer.
constexpr bool y = true, n = false;
constexpr std::array<std::array<bool, kRoles.size()>, kActions> kMay{{
    {y, y, y, y, y, y, n},  // open_own_microphone
    {y, y, y, y, y, y, n},  // open_own_camera
    {y, y, n, n, n, n, n},  // open_microphone
    {y, y, n, n, n, n, n},  // close_microphone
    {y, y, n, n, n, n, n},  // open_camera
    {y, y, n, n, n, n, n},  // close_camera
    {y, y, n, n, n, n, n},  // set_stage
    {y, y, n, n, n, n, n},  // set_mode
    {y, y, n, n, n, n, n},  // set_layout
    {y, y, n, n, n, n, n},  // remove
    {y, y, n, n, n, n, n},  // lock
    {n, n, y, y, y, y, n},  // raise_hand
    {y, y, n, n, n, n, n},  // lower_hand
    {y, y, y, y, y, y, n},  // chat
    {y, y, y, y, n, n, n},  // share_slides; whoever is on stage may too
    {y, y, y, y, y, y, n},  // see_hands
}};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string_view role_name(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view name) {
  const auto found = std::find(kRoleNames.begin(), kRoleNames.end(), name);
  if (found == kRoleNames.end()) return std::nullopt;
  return kRoles[static_cast<std::size_t>(found - kRoleNames.begin())];
}

bool may(Role role, Action action) { return kMay[static_cast<std::size_t>(action)][static_cast<std::size_t>(role)]; }

bool speaks_without_floor(Role role) {
  return role == Role::moderator || role == Role::chair || role == Role::presenter || role == Role::hall;
}

bool passes_lock(Role role) { return role == Role::moderator || role == Role::chair || role == Role::hall; }

bool is_valid_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

bool may_publish(Role role, std::string_view subject, std::string_view publication) {
  switch (role) {
    case Role::moderator:
      return true;
    case Role::chair:
    case Role::presenter:
    case Role::hall:
    case Role::site:
    case Role::delegate:
      return subject == publication;
    case Role::viewer:
      return false;
  }
  return false;
}

bool opens_at_once(Role role) { return role == Role::moderator; }

bool may_view(Role) { return true; }

bool may_set_gate(Role role) { return role == Role::moderator; }

bool may_control_session(Role role, std::string_view subject, std::string_view session_subject) {
  return role == Role::moderator || subject == session_subject;
}

bool may_replace_publisher(Role role, std::string_view subject, std::string_view owner) {
  return role == Role::moderator || subject == owner;
}

}  // namespace bridgehall::conference

// Who may do what: one table of roles and actions, and rules about names. Pure; asked on the control thread before
// anything is done. docs/signalling.md shows the same table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bridgehall::conference {

enum class Role : std::uint8_t { moderator, chair, presenter, hall, site, delegate, viewer };
inline constexpr std::array kRoles{Role::moderator, Role::chair,    Role::presenter, Role::hall,
                                   Role::site,      Role::delegate, Role::viewer};

std::string_view role_name(Role role);
std::optional<Role> parse_role(std::string_view name);

enum class Action : std::uint8_t {
  open_own_microphone,
  open_own_camera,
  open_microphone,  // of others: gives the floor
  close_microphone,
  open_camera,
  close_camera,
  set_stage,
  set_mode,
  set_layout,
  remove,
  lock,
  raise_hand,
  lower_hand,  // of others
  chat,
  share_slides,
  see_hands,  // of others
};
inline constexpr std::size_t kActions = 16;

bool may(Role role, Action action);
// In mode conference these open their own microphone all the same; the others need the floor.
bool speaks_without_floor(Role role);
// Comes in although the conference is locked.
bool passes_lock(Role role);

// Conference ids, publication names and subjects: 1–64 of letters, digits, '.', '_' and '-', not starting with '.'.
// So they stand unescaped in URLs, in SDP and in logs.
inline constexpr std::size_t kMaxNameLength = 64;
// Of what a seat is called, in characters: as much as the signalling messages hold.
inline constexpr std::size_t kMaxNameForPeople = 128;
bool is_valid_name(std::string_view name);

// A moderator publishes under any name; whoever sits in a room or on a line only under the own subject; a viewer not at
// all.
bool may_publish(Role role, std::string_view subject, std::string_view publication);
// Whether a WHIP publication is forwarded from its first packet on, or waits to be opened.
bool opens_at_once(Role role);
bool may_view(Role role);
bool may_set_gate(Role role);
// A session's URL serves whoever made it, and moderators.
bool may_control_session(Role role, std::string_view subject, std::string_view session_subject);
// Takes a name from a publisher that is live: the same subject (a page that was reloaded), or a moderator.
bool may_replace_publisher(Role role, std::string_view subject, std::string_view owner);

}  // namespace bridgehall::conference

// What the domain's enumerations are called in the record. Written into files that are kept for years: a name stays as
// it is, and a new value comes at the end of its list.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "conference/state.h"

namespace bridgehall::storage {

template <class Enumeration>
inline constexpr std::array<std::string_view, 0> kNames{};  // in the order of the values
template <>
inline constexpr std::array<std::string_view, 7> kNames<conference::Role>{"moderator", "chair",    "presenter", "hall",
                                                                          "site",      "delegate", "viewer"};
template <>
inline constexpr std::array<std::string_view, 2> kNames<conference::Mode>{"discussion", "conference"};
template <>
inline constexpr std::array<std::string_view, 4> kNames<conference::Layout>{"speaker", "side_by_side", "mosaic",
                                                                            "slides"};
template <>
inline constexpr std::array<std::string_view, 3> kNames<conference::Closer>{"nobody", "self", "chair"};
template <>
inline constexpr std::array<std::string_view, 3> kNames<conference::TrackUse>{"microphone", "camera", "slides"};
template <>
inline constexpr std::array<std::string_view, 4> kNames<conference::HandKind>{"contribution", "reply", "point_of_order",
                                                                              "technical"};
template <>
inline constexpr std::array<std::string_view, 2> kNames<conference::Audience>{"everyone", "chair"};
template <>
inline constexpr std::array<std::string_view, 6> kNames<conference::LeaveReason>{"left",    "lost",    "replaced",
                                                                                 "removed", "revoked", "closed"};

template <class Enumeration>
std::string_view name_of(Enumeration value) {
  return kNames<Enumeration>.at(static_cast<std::size_t>(value));
}

template <class Enumeration>
std::optional<Enumeration> parse_name(std::string_view name) {
  const auto& names = kNames<Enumeration>;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enumeration>(found - names.begin());
}

}  // namespace bridgehall::storage

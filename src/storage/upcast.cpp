#include "storage/upcast.h"

#include <algorithm>

namespace bridgehall::storage {

namespace {

// Until version 1 seats had no place, and conferences neither time zone nor layout.
void lift_seat_added_1(Json& event) { event["place"] = ""; }

void lift_state_1(Json& state) {
  state["time_zone"] = "";
  state["layout"] = "speaker";
  if (const auto seats = state.find("seats"); seats != state.end() && seats->is_array())
    for (auto& seat : *seats)
      if (seat.is_object()) seat["place"] = "";
}

constexpr Upcast kUpcasts[] = {{"seat_added", 1, lift_seat_added_1}, {"state", 1, lift_state_1}};

}  // namespace

std::span<const Upcast> upcasts() { return kUpcasts; }

std::string lift(Json& object, std::string_view type, std::uint32_t present, std::span<const Upcast> upcasts) {
  const auto version = object.find("version");
  if (version == object.end() || !version->is_number_unsigned()) return "has no version";
  const auto written = version->get<std::uint64_t>();
  if (written > present)
    return fmt::format("is of version {}, and this program knows {}: a newer one wrote it", written, present);
  for (auto at = static_cast<std::uint32_t>(written); at < present; ++at) {
    const auto found = std::find_if(upcasts.begin(), upcasts.end(),
                                    [&](const Upcast& each) { return each.type == type && each.version == at; });
    if (found == upcasts.end()) return fmt::format("is of version {}, which never was", at);
    found->lift(object);
    object["version"] = at + 1;
  }
  return {};
}

}  // namespace bridgehall::storage

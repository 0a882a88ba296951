#include "storage/upcast.h"

#include <algorithm>

namespace bridgehall::storage {

// Every kind of event is at its first version still.
std::span<const Upcast> upcasts() { return {}; }

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

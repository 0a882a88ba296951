#include "storage/state_json.h"

#include "storage/state_members.h"

namespace bridgehall::storage {
namespace {
constexpr std::uint32_t kVersion = 2;
}

Json state_to_json(const conference::State& state) {
  Json json{{"version", kVersion}};
  MemberWriter writer(json);
  members(writer, state);
  return json;
}

Result<conference::State> state_from_json(Json json, std::span<const Upcast> old) {
  if (!json.is_object()) return bridgehall::fail("The snapshot is no object.");
  auto fault = lift(json, "state", kVersion, old);
  conference::State state;
  if (fault.empty()) {
    MemberReader reader(json);
    reader.skip();  // version
    members(reader, state);
    fault = reader.finish();
  }
  if (!fault.empty()) return bridgehall::fail(fmt::format("The snapshot {}.", fault));
  return state;
}

Result<conference::State> decode_state(std::string_view text, std::span<const Upcast> old) {
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return bridgehall::fail("The snapshot is no JSON.");
  return state_from_json(std::move(json), old);
}

}  // namespace bridgehall::storage

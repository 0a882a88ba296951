#include "storage/conference_file.h"

#include "conference/policy.h"
#include "storage/event_json.h"
#include "storage/state_json.h"

namespace bridgehall::storage {
namespace {

constexpr std::uint64_t kVersion = 1;

// What it takes for a server to hold it: the bounds of what comes over the network.
std::string look_at(const conference::State& state) {
  if (state.seats.size() > conference::State::kMaxSeats) return "has more seats than a conference may have";
  if (state.chat.size() > conference::State::kMaxChat) return "has more messages than a conference keeps";
  for (const auto& seat : state.seats)
    if (!conference::is_valid_name(seat.id)) return fmt::format("has a seat with the id \"{}\"", seat.id);
  return {};
}

Result<Snapshot> read_snapshot(const Json& json) {
  if (!json.is_object() || json.size() != 2 || !json.contains("state") || !json.contains("origin"))
    return bridgehall::fail("A snapshot needs a state and an origin, and nothing else.");
  const auto& origin = json["origin"];
  if (origin != "given" && origin != "events")
    return bridgehall::fail("A snapshot's origin is neither given nor events.");
  auto state = state_from_json(json["state"]);
  if (!state) return std::unexpected(state.error());
  if (const auto fault = look_at(*state); !fault.empty())
    return bridgehall::fail(fmt::format("The snapshot {}.", fault));
  return Snapshot{std::move(*state), origin == "given" ? Origin::given : Origin::events};
}

Result<conference::RecordedEvent> read_event(const Json& json) {
  conference::RecordedEvent event;
  MemberReader reader(json);
  reader("sequence", event.sequence);
  reader("at", event.at);
  reader("actor", event.actor);
  reader.skip();  // event
  if (auto fault = reader.finish(); !fault.empty()) return bridgehall::fail(fmt::format("An event {}.", fault));
  if (!json.contains("event")) return bridgehall::fail("An event has no event in it.");
  auto decoded = event_from_json(json["event"]);
  if (!decoded) return bridgehall::fail(fmt::format("At {}: {}", event.sequence, decoded.error().message));
  event.event = std::move(*decoded);
  return event;
}

}  // namespace

// Written piece by piece: as a tree it would take many times the memory.
std::string encode_conference(const ConferenceRecord& record) {
  auto text = fmt::format("{{\"format\":\"bridgehall-conference\",\"version\":{},\"id\":{},\n\"snapshots\":[", kVersion,
                          to_text(Json(record.id)));
  std::string_view separator = "\n";
  for (const auto& snapshot : record.snapshots) {
    text += fmt::format("{}{{\"origin\":\"{}\",\"state\":{}}}", separator,
                        snapshot.origin == Origin::given ? "given" : "events", encode_state(snapshot.state));
    separator = ",\n";
  }
  text += "],\n\"events\":[";
  separator = "\n";
  for (const auto& event : record.events) {
    text += fmt::format("{}{{\"sequence\":{},\"at\":{},\"actor\":{},\"event\":{}}}", separator, event.sequence,
                        event.at.time_since_epoch().count(), to_text(Json(event.actor)), encode_event(event.event));
    separator = ",\n";
  }
  return text + "]}\n";
}

Result<ConferenceRecord> decode_conference(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return bridgehall::fail("It is no JSON.");
  if (!json.is_object() || json.value("format", Json()) != "bridgehall-conference")
    return bridgehall::fail("It is not a conference that Bridgehall has exported.");
  if (json.value("version", Json()) != kVersion)
    return bridgehall::fail("It is of a version that this program does not know.");
  const auto id = json.find("id"), snapshots = json.find("snapshots"), events = json.find("events");
  if (id == json.end() || !id->is_string() || !conference::is_valid_name(id->get_ref<const std::string&>()))
    return bridgehall::fail(
        "It names no conference by an id of 1 to 64 letters, digits, dots, hyphens or underscores.");
  if (snapshots == json.end() || !snapshots->is_array()) return bridgehall::fail("It has no list of snapshots.");
  if (events == json.end() || !events->is_array()) return bridgehall::fail("It has no list of events.");
  ConferenceRecord record{.id = id->get<std::string>()};
  for (const auto& each : *snapshots) {
    auto snapshot = read_snapshot(each);
    if (!snapshot) return std::unexpected(snapshot.error());
    record.snapshots.push_back(std::move(*snapshot));
  }
  for (const auto& each : *events) {
    auto event = read_event(each);
    if (!event) return std::unexpected(event.error());
    record.events.push_back(std::move(*event));
  }
  return record;
}

}  // namespace bridgehall::storage

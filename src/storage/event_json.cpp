#include "storage/event_json.h"

#include <algorithm>
#include <array>
#include <utility>

#include "storage/event_members.h"

namespace bridgehall::storage {
namespace {

using conference::Event;
constexpr std::size_t kEvents = std::variant_size_v<Event>;

template <class Kind>
inline constexpr std::string_view kType;
template <>
inline constexpr std::string_view kType<conference::SeatAdded> = "seat_added";
template <>
inline constexpr std::string_view kType<conference::Joined> = "joined";
template <>
inline constexpr std::string_view kType<conference::Left> = "left";
template <>
inline constexpr std::string_view kType<conference::MicrophoneChanged> = "microphone_changed";
template <>
inline constexpr std::string_view kType<conference::CameraChanged> = "camera_changed";
template <>
inline constexpr std::string_view kType<conference::SendsChanged> = "sends_changed";
template <>
inline constexpr std::string_view kType<conference::StageChanged> = "stage_changed";
template <>
inline constexpr std::string_view kType<conference::SlidesChanged> = "slides_changed";
template <>
inline constexpr std::string_view kType<conference::ModeChanged> = "mode_changed";
template <>
inline constexpr std::string_view kType<conference::LayoutChanged> = "layout_changed";
template <>
inline constexpr std::string_view kType<conference::LockChanged> = "lock_changed";
template <>
inline constexpr std::string_view kType<conference::HandRaised> = "hand_raised";
template <>
inline constexpr std::string_view kType<conference::HandLowered> = "hand_lowered";
template <>
inline constexpr std::string_view kType<conference::ChatSaid> = "chat_said";

// Grows with each change of a kind's members, together with an entry in upcasts().
template <class Kind>
inline constexpr std::uint32_t kVersion = 1;
template <>
inline constexpr std::uint32_t kVersion<conference::SeatAdded> = 2;

struct Reading {
  std::string_view type;
  std::uint32_t version;
  // Reads into the event; empty when all was well.
  std::string (*read)(const Json& json, Event& event);
};

template <class Kind>
constexpr Reading reading_of() {
  static_assert(!kType<Kind>.empty(), "an event that the record has no name for");
  return {kType<Kind>, kVersion<Kind>, [](const Json& json, Event& event) {
            MemberReader reader(json);
            reader.skip();  // type
            reader.skip();  // version
            members(reader, event.template emplace<Kind>());
            return reader.finish();
          }};
}

constexpr auto kReadings = []<std::size_t... kIndices>(std::index_sequence<kIndices...>) {
  return std::array<Reading, kEvents>{reading_of<std::variant_alternative_t<kIndices, Event>>()...};
}
(std::make_index_sequence<kEvents>{});

}  // namespace

Json event_to_json(const Event& event) {
  return std::visit(
      [](const auto& what) {
        using Kind = std::remove_cvref_t<decltype(what)>;
        Json json{{"type", kType<Kind>}, {"version", kVersion<Kind>}};
        MemberWriter writer(json);
        members(writer, what);
        return json;
      },
      event);
}

Result<Event> event_from_json(Json json, std::span<const Upcast> old) {
  const auto type = json.is_object() ? json.find("type") : json.end();
  if (type == json.end() || !type->is_string()) return bridgehall::fail("The event has no type.");
  const auto name = type->get<std::string>();
  const auto reading =
      std::find_if(kReadings.begin(), kReadings.end(), [&](const Reading& each) { return each.type == name; });
  if (reading == kReadings.end()) return bridgehall::fail(fmt::format("The event {} is not known here.", name));
  auto fault = lift(json, name, reading->version, old);
  Event event;
  if (fault.empty()) fault = reading->read(json, event);
  if (!fault.empty()) return bridgehall::fail(fmt::format("The event {} {}.", name, fault));
  return event;
}

Result<Event> decode_event(std::string_view text, std::span<const Upcast> old) {
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return bridgehall::fail("The event is no JSON.");
  return event_from_json(std::move(json), old);
}

}  // namespace bridgehall::storage

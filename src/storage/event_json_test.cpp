#include "storage/event_json.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "storage/state_json.h"
#include "storage/storage_testing.h"

namespace bridgehall::storage {
namespace {

using namespace conference;
using ::testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

const auto kInstant = [](std::int64_t milliseconds) { return WallTime{std::chrono::milliseconds{milliseconds}}; };

// The files were written once, by hand: who changes a name or a member finds here that old records cannot be read.
TEST(EventJsonTest, EveryKindIsReadAsItWasFirstWritten) {
  const std::vector<Event> expected{
      SeatAdded{"ha-giang", "Hà Giang", "", Role::site},
      Joined{"ha-giang"},
      Left{"ha-giang", LeaveReason::lost},
      MicrophoneChanged{"ha-giang", {.open = true, .granted = true}},
      CameraChanged{"ha-giang", {.open = false, .closed_by = Closer::chair}},
      SendsChanged{"ha-giang", {TrackUse::microphone, TrackUse::camera, TrackUse::slides}},
      StageChanged{"ha-giang"},
      SlidesChanged{""},
      ModeChanged{Mode::conference},
      LayoutChanged{Layout::side_by_side},
      LockChanged{true},
      HandRaised{"ha-giang", {HandKind::point_of_order, kInstant(1'800'000'000'123)}},
      HandLowered{"ha-giang"},
      ChatSaid{{7, "ha-giang", "Chào \"all\"\n", Audience::chair, kInstant(1'800'000'000'456)}},
  };
  const auto lines = lines_of("src/storage/testdata/events_v1.jsonl");
  ASSERT_EQ(lines.size(), std::variant_size_v<Event>);
  ASSERT_EQ(expected.size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto event = decode_event(lines[i]);
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(event->index(), i);
    EXPECT_EQ(encode_event(*event), encode_event(expected[i]));
    if (i > 0) {
      EXPECT_EQ(encode_event(*event), lines[i]);
    }
  }
  EXPECT_EQ(std::get<ChatSaid>(*decode_event(lines.back())).message, std::get<ChatSaid>(expected.back()).message);
  EXPECT_EQ(std::get<HandRaised>(*decode_event(lines[11])).hand, std::get<HandRaised>(expected[11]).hand);
}

TEST(EventJsonTest, ASeatHasAPlaceSinceItsSecondVersion) {
  const auto lines = lines_of("src/storage/testdata/events_v2.jsonl");
  ASSERT_EQ(lines.size(), 1u);
  const auto event = decode_event(lines[0]);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(std::get<SeatAdded>(*event).place, "Tầng 3, UBND tỉnh");
  EXPECT_EQ(encode_event(*event), lines[0]);
}

State state_of_first_version() {
  return State{.id = "demo",
               .title = "Demo",
               .mode = Mode::conference,
               .locked = true,
               .stage = "ha-giang",
               .seats = {{.id = "ha-giang",
                          .name = "Hà Giang",
                          .role = Role::site,
                          .present = true,
                          .admitted = true,
                          .microphone = {.open = true, .granted = true},
                          .camera = {.closed_by = Closer::self},
                          .sends = {TrackUse::camera, TrackUse::microphone},
                          .hand = Hand{HandKind::reply, kInstant(1'800'000'000'123)}},
                         {.id = "line", .name = "Line", .role = Role::viewer}},
               .chat = {{3, "ha-giang", "Hello", Audience::everyone, kInstant(1'800'000'000'456)}},
               .chat_number = 3,
               .sequence = 12};
}

TEST(EventJsonTest, AStateIsReadAsItWasFirstWritten) {
  const auto lines = lines_of("src/storage/testdata/state_v1.json");
  ASSERT_EQ(lines.size(), 1u);
  const auto state = decode_state(lines[0]);
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(*state, state_of_first_version());
}

TEST(EventJsonTest, AStateHasTimeZoneLayoutAndPlacesSinceItsSecondVersion) {
  auto expected = state_of_first_version();
  expected.time_zone = "Asia/Ho_Chi_Minh";
  expected.layout = Layout::slides;
  expected.seats[0].place = "Tầng 3, UBND tỉnh";
  const auto lines = lines_of("src/storage/testdata/state_v2.json");
  ASSERT_EQ(lines.size(), 1u);
  const auto state = decode_state(lines[0]);
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(*state, expected);
  EXPECT_EQ(encode_state(*state), lines[0]);
}

TEST(EventJsonTest, NamesOfTheRecordAreThoseOfTheDomain) {
  for (const auto role : kRoles) EXPECT_EQ(name_of(role), role_name(role));
}

TEST(EventJsonTest, WhateverHappensIsReadBackAsItWas) {
  EXPECT_TRUE(rc::check([] {
    const Dice dice = [](std::uint64_t bound) { return *rc::gen::inRange<std::uint64_t>(0, bound); };
    auto before = full_house();
    auto after = before;
    const auto count = *rc::gen::inRange(0, 30);
    for (int i = 0; i < count; ++i) {
      const auto event = any_event(dice);
      const auto text = encode_event(event);
      const auto again = decode_event(text);
      RC_ASSERT(again.has_value());
      RC_ASSERT(again->index() == event.index());
      RC_ASSERT(encode_event(*again) == text);
      conference::apply(before, event);
      conference::apply(after, *again);
      RC_ASSERT(before == after);
    }
    const auto state = decode_state(encode_state(before));
    RC_ASSERT(state.has_value());
    RC_ASSERT(*state == before);
  }));
}

// What a change of a kind looks like: version 0 of chat had no audience and kept its members at the top.
constexpr Upcast kOldChat[] = {{"chat_said", 0, [](Json& event) {
                                  Json message{{"number", event["number"]},
                                               {"seat", event["seat"]},
                                               {"text", event["text"]},
                                               {"to", "everyone"},
                                               {"sent_at", event["at"]}};
                                  event = {{"type", event["type"]}, {"version", 0}, {"message", std::move(message)}};
                                }}};

TEST(EventJsonTest, AnOldVersionIsLiftedWhenItIsRead) {
  const std::string old =
      R"({"type":"chat_said","version":0,"number":1,"seat":"hall","text":"Hello","at":1800000000000})";
  const auto event = decode_event(old, kOldChat);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(std::get<ChatSaid>(*event).message, (ChatMessage{1, "hall", "Hello", Audience::everyone, kNoon}));
  EXPECT_THAT(refusal_of(decode_event(old)), HasSubstr("is of version 0, which never was"));
  EXPECT_TRUE(decode_event(encode_event(*event), kOldChat));
}

TEST(EventJsonTest, VersionsAreLiftedOneAfterTheOther) {
  static constexpr Upcast kSteps[] = {{"state", 1, [](Json& json) { json["b"] = Json(json["a"]); }},
                                      {"state", 0, [](Json& json) { json["a"] = 5; }},
                                      {"other", 1, [](Json& json) { json.clear(); }}};
  Json json{{"version", 0u}};
  EXPECT_EQ(lift(json, "state", 2, kSteps), "");
  EXPECT_EQ(to_text(json), R"({"version":2,"a":5,"b":5})");
  EXPECT_EQ(lift(json, "state", 3, kSteps), "is of version 2, which never was");
}

TEST(EventJsonTest, WhatCannotBeReadIsToldInWords) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "The event is no JSON."},
      {"{\"type\":\"joined\"", "The event is no JSON."},
      {"[]", "The event has no type."},
      {"7", "The event has no type."},
      {"{}", "The event has no type."},
      {R"({"type":5})", "The event has no type."},
      {R"({"type":"danced","version":1})", "The event danced is not known here."},
      {R"({"type":"joined","seat":"a"})", "The event joined has no version."},
      {R"({"type":"joined","version":"1","seat":"a"})", "The event joined has no version."},
      {R"({"type":"joined","version":2,"seat":"a"})",
       "The event joined is of version 2, and this program knows 1: a newer one wrote it."},
      {R"({"type":"joined","version":1})", "The event joined has no seat."},
      {R"({"type":"joined","version":1,"seat":5})", "The event joined has a seat that is no text."},
      {R"({"type":"joined","version":1,"seat":"a","hat":1})", "The event joined has members that are not known here."},
      {R"({"type":"lock_changed","version":1,"locked":1})",
       "The event lock_changed has a locked that is neither true nor false."},
      {R"({"type":"left","version":1,"seat":"a","reason":"bored"})",
       "The event left has a reason that is not known here."},
      {R"({"type":"sends_changed","version":1,"seat":"a","sends":"camera"})",
       "The event sends_changed has a sends that is no list."},
      {R"({"type":"sends_changed","version":1,"seat":"a","sends":["camera","voice"]})",
       "The event sends_changed has a sends that is not known here."},
      {R"({"type":"camera_changed","version":1,"seat":"a","camera":{"open":true}})",
       "The event camera_changed has a camera that has no closed_by."},
      {R"({"type":"hand_raised","version":1,"seat":"a","hand":{"kind":"reply","raised_at":"now"}})",
       "The event hand_raised has a hand that has a raised_at that is no time in milliseconds."},
  };
  for (const auto& [text, sentence] : table) EXPECT_EQ(refusal_of(decode_event(text)), sentence) << text;
  EXPECT_EQ(refusal_of(decode_state("[]")), "The snapshot is no object.");
  EXPECT_EQ(refusal_of(decode_state("{")), "The snapshot is no JSON.");
  EXPECT_EQ(refusal_of(decode_state(R"({"version":1})")), "The snapshot has no id.");
}

TEST(EventJsonTest, OctetsThatAreNoTextDoNotMakeTheRecordUnreadable) {
  const auto event = decode_event(encode_event(Joined{"a\xff"}));
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<Joined>(*event).seat, "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace bridgehall::storage

#include "messages/messages.h"

#include <gtest/gtest.h>

namespace bridgehall::messages {
namespace {

MessageError refusal(std::string_view text) {
  const auto message = parse_client_message(text);
  return message ? MessageError{.message = "accepted"} : message.error();
}

std::string repeated(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(messages, a_message_is_read_into_its_type) {
  const auto message = parse_client_message(
      R"({"type":"join","id":7,"offer":"v=0","sends":[{"mid":"0","use":"microphone"},{"mid":"1","use":"camera","label":"wide"}],)"
      R"("slots":[{"mid":"2","use":"tile"}],"microphone":true,"camera":false})");
  ASSERT_TRUE(message) << message.error().message;
  const Join expected{.id = 7,
                      .offer = "v=0",
                      .sends = {{.mid = "0", .use = TrackUse::microphone, .label = {}},
                                {.mid = "1", .use = TrackUse::camera, .label = "wide"}},
                      .slots = {{.mid = "2", .use = SlotUse::tile}},
                      .microphone = true,
                      .camera = false};
  EXPECT_EQ(std::get<Join>(*message), expected);
}

TEST(messages, what_is_written_is_compact_in_the_schema_s_order_and_without_what_is_absent) {
  EXPECT_EQ(to_json(ServerMessage(Refused{.id = 3, .code = RefusalCode::needs_floor, .message = "No.", .field = {}})),
            R"({"type":"refused","id":3,"code":"needs_floor","message":"No."})");
  EXPECT_EQ(to_json(ServerMessage(Happened{.sequence = 9007199254740991, .event = StageChanged{.seat = "hall"}})),
            R"({"type":"happened","sequence":9007199254740991,"event":{"type":"stage_changed","seat":"hall"}})");
  EXPECT_EQ(to_json(ClientMessage(Ping{})), R"({"type":"ping"})");
}

TEST(messages, texts_are_escaped_and_stay_readable_even_when_they_are_no_utf_8) {
  const auto text = to_json(ClientMessage(Chat{.id = 1, .text = "\"Việt\"\n\x01\xFF", .to = Audience::chair}));
  const auto again = parse_client_message(text);
  ASSERT_TRUE(again) << text;
  EXPECT_EQ(std::get<Chat>(*again).text, "\"Việt\"\n\x01\uFFFD");
}

TEST(messages, names_of_enumerations_are_those_of_the_schema) {
  EXPECT_EQ(name(HandKind::point_of_order), "point_of_order");
  EXPECT_EQ(name(SlotState::undecodable), "undecodable");
}

TEST(messages, a_missing_member_is_named) {
  const auto error = refusal(R"({"type":"hello","version":1})");
  EXPECT_EQ(error.code, RefusalCode::malformed);
  EXPECT_EQ(error.field, "token");
  EXPECT_EQ(error.message, "The member token is missing.");
}

TEST(messages, a_value_deep_inside_is_named_by_its_path_and_the_message_by_its_id) {
  const auto error =
      refusal(R"({"type":"demand","id":12,"slots":[{"slot":0,"quality":"low"},{"slot":1,"quality":"best"}]})");
  EXPECT_EQ(error.field, "slots[1].quality");
  EXPECT_EQ(error.message, "The member slots[1].quality must be one of off, low, medium, high.");
  EXPECT_EQ(error.id, 12u);
}

TEST(messages, an_unknown_member_is_refused_by_a_shortened_name) {
  EXPECT_EQ(refusal(R"({"type":"ping","more":1})").message, "The member more is not known here.");
  const auto error = refusal(R"({"type":"ping",")" + repeated("ệ", 500) + R"(":1})");
  EXPECT_EQ(error.field, repeated("ệ", 32) + "…");
}

TEST(messages, an_unknown_type_is_told_from_a_malformed_message) {
  const auto unknown = refusal(R"({"type":"dance","id":2})");
  EXPECT_EQ(unknown.code, RefusalCode::unknown_type);
  EXPECT_EQ(unknown.message, "There is no type \"dance\" here.");
  EXPECT_EQ(unknown.id, 2u);
  EXPECT_EQ(refusal(R"({"type":"welcome"})").code, RefusalCode::unknown_type) << "only the server says it";
  for (const auto* text : {"", "{", "[]", "null", "7", R"({"type":5})", R"({"id":1})", R"({"type":"ping"} x)"})
    EXPECT_EQ(refusal(text).code, RefusalCode::malformed) << text;
}

TEST(messages, wrong_kinds_of_values_are_refused) {
  EXPECT_EQ(refusal(R"({"type":"leave","id":"1"})").message, "The member id must be a whole number.");
  EXPECT_EQ(refusal(R"({"type":"leave","id":1.5})").message, "The member id must be a whole number.");
  EXPECT_EQ(refusal(R"({"type":"leave","id":null})").message, "The member id must be a whole number.");
  EXPECT_EQ(refusal(R"({"type":"lock","id":1,"locked":1})").message, "The member locked must be true or false.");
  EXPECT_EQ(refusal(R"({"type":"set_stage","id":1,"seat":null})").message, "The member seat must be a text.");
  EXPECT_EQ(refusal(R"({"type":"demand","id":1,"slots":{}})").message, "The member slots must be a list.");
  EXPECT_EQ(refusal(R"({"type":"demand","id":1,"slots":[1]})").message, "The member slots[0] must be an object.");
}

TEST(messages, numbers_are_held_within_their_bounds) {
  EXPECT_EQ(refusal(R"({"type":"leave","id":2147483647})").message, "accepted");
  for (const auto* id : {"2147483648", "-1", "18446744073709551615"})
    EXPECT_EQ(refusal(R"({"type":"leave","id":)" + std::string(id) + "}").message,
              "The member id must be from 0 to 2147483647.")
        << id;
}

TEST(messages, lengths_are_counted_in_code_points) {
  const auto chat = [](const std::string& text) {
    return refusal(R"({"type":"chat","id":1,"to":"everyone","text":")" + text + "\"}").message;
  };
  EXPECT_EQ(chat(repeated("𝄞", 2000)), "accepted");
  EXPECT_EQ(chat(repeated("a", 2001)), "The member text has at most 2000 characters.");
  EXPECT_EQ(chat(""), "The member text must not be empty.");
}

TEST(messages, lists_are_bounded) {
  const auto demand = [](int count) {
    auto slots = repeated(R"({"slot":1,"quality":"off"},)", count);
    slots.pop_back();
    return refusal(R"({"type":"demand","id":1,"slots":[)" + slots + "]}").message;
  };
  EXPECT_EQ(demand(40), "accepted");
  EXPECT_EQ(demand(41), "The member slots has at most 40 entries.");
}

TEST(messages, brackets_without_end_are_refused_before_they_are_parsed) {
  EXPECT_EQ(refusal(repeated("[", 100'000)).message, "The message is nested too deeply.");
  EXPECT_EQ(refusal(R"({"type":"hello","version":1,"token":"\"[[[[[[[[[[[[{{{{{{{{"})").message, "accepted");
}

TEST(messages, of_a_member_that_is_there_twice_the_last_counts) {
  const auto message = parse_client_message(R"({"type":"ping","type":"leave","id":1,"id":2})");
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<Leave>(*message).id, 2u);
}

TEST(messages, octets_that_are_no_utf_8_are_refused) {
  EXPECT_EQ(refusal("{\"type\":\"hello\",\"version\":1,\"token\":\"\xC3\x28\"}").message, "The message is not JSON.");
}

TEST(messages, the_server_s_messages_are_read_too) {
  Snapshot snapshot{.sequence = 4, .conference = {.id = "demo", .title = "Demo", .mode = Mode::conference}};
  snapshot.conference.seats.push_back({.id = "hall",
                                       .name = "Hội trường",
                                       .role = Role::hall,
                                       .present = true,
                                       .sends = {TrackUse::camera},
                                       .hand = {}});
  snapshot.conference.chat.push_back({.number = 1, .seat = "hall", .text = "Hello", .to = Audience::everyone});
  const auto again = parse_server_message(to_json(ServerMessage(snapshot)));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(std::get<Snapshot>(*again), snapshot);
}

}  // namespace
}  // namespace bridgehall::messages

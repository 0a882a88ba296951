#include "web/page_messages.h"

#include <array>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bridgehall::web {
namespace {

template <auto kValue>
constexpr const char* function_of() {
  return __PRETTY_FUNCTION__;
}
// As the compiler spells it: "open_camera"; empty for a value without a name.
template <auto kValue>
constexpr std::string_view spelled() {
  const std::string_view function = function_of<kValue>();
  const auto value = function.substr(function.find("kValue = "));
  if (value.find("= (") != std::string_view::npos) return {};
  const auto begin = value.rfind("::") + 2;
  return value.substr(begin, value.find_first_of(";]", begin) - begin);
}

constexpr std::size_t kMost = 32;
template <class Enumeration, std::size_t... kValues>
constexpr std::array<std::string_view, kMost> spelled_all(std::index_sequence<kValues...>) {
  return {spelled<static_cast<Enumeration>(kValues)>()...};
}
template <class Enumeration>
constexpr auto kNames = spelled_all<Enumeration>(std::make_index_sequence<kMost>());

template <class Ours, class Theirs>
void expect_same() {
  ASSERT_FALSE(kNames<Ours>[1].empty()) << "the compiler spells values otherwise than this test thinks";
  ASSERT_TRUE(kNames<Ours>.back().empty());
  EXPECT_EQ(kNames<Ours>, kNames<Theirs>);
  EXPECT_EQ(messages::name(Theirs{1}), kNames<Ours>[1]);
}

TEST(PageMessages, enumerations_of_both_sides_have_the_same_names_in_the_same_order) {
  expect_same<conference::Role, messages::Role>();
  expect_same<conference::Action, messages::Action>();
  expect_same<conference::TrackUse, messages::TrackUse>();
  expect_same<conference::Quality, messages::Quality>();
  expect_same<conference::Closer, messages::Closer>();
  expect_same<conference::HandKind, messages::HandKind>();
  expect_same<conference::Audience, messages::Audience>();
  expect_same<conference::LeaveReason, messages::LeaveReason>();
  expect_same<conference::Mode, messages::Mode>();
  expect_same<conference::Layout, messages::Layout>();
  expect_same<conference::SlotState, messages::SlotState>();
  expect_same<conference::RecordTrouble, messages::RecordTrouble>();
  expect_same<conference::ClosedThing, messages::ClosedThing>();
}

TEST(PageMessages, refusals_keep_their_names) {
  for (std::size_t i = 0; i < kMost && !kNames<conference::RefusalCode>[i].empty(); ++i)
    EXPECT_EQ(messages::name(to_message(static_cast<conference::RefusalCode>(i))), kNames<conference::RefusalCode>[i]);
}

TEST(PageMessages, every_command_of_a_page_is_one_of_the_conference) {
  using conference::Command;
  const auto kind = [](const messages::ClientMessage& message) {
    const auto command = to_command(message);
    return command ? static_cast<int>(command->index()) : -1;
  };
  EXPECT_EQ(kind(messages::OpenMicrophone{}), Command(conference::OpenMicrophone{}).index());
  EXPECT_EQ(kind(messages::CloseMicrophone{}), Command(conference::CloseMicrophone{}).index());
  EXPECT_EQ(kind(messages::CloseMicrophones{}), Command(conference::CloseMicrophones{}).index());
  EXPECT_EQ(kind(messages::OpenCamera{}), Command(conference::OpenCamera{}).index());
  EXPECT_EQ(kind(messages::CloseCamera{}), Command(conference::CloseCamera{}).index());
  EXPECT_EQ(kind(messages::SetStage{}), Command(conference::SetStage{}).index());
  EXPECT_EQ(kind(messages::SetMode{}), Command(conference::SetMode{}).index());
  EXPECT_EQ(kind(messages::SetLayout{}), Command(conference::SetLayout{}).index());
  EXPECT_EQ(kind(messages::Lock{}), Command(conference::SetLock{}).index());
  EXPECT_EQ(kind(messages::Remove{}), Command(conference::Remove{}).index());
  EXPECT_EQ(kind(messages::RaiseHand{}), Command(conference::RaiseHand{}).index());
  EXPECT_EQ(kind(messages::LowerHand{}), Command(conference::LowerHand{}).index());
  EXPECT_EQ(kind(messages::Chat{}), Command(conference::Say{}).index());
  EXPECT_EQ(kind(messages::ShareSlides{}), Command(conference::ShareSlides{}).index());
  for (const messages::ClientMessage& none :
       {messages::ClientMessage(messages::Hello{}), messages::ClientMessage(messages::Join{}),
        messages::ClientMessage(messages::RestartIce{}), messages::ClientMessage(messages::Demand{}),
        messages::ClientMessage(messages::Leave{}), messages::ClientMessage(messages::Ping{})})
    EXPECT_EQ(kind(none), -1);
}

TEST(PageMessages, a_seat_that_is_added_says_where_it_is) {
  const auto message = to_message(conference::Event{conference::SeatAdded{"a", "A", "Room 3", conference::Role::site}});
  EXPECT_EQ(std::get<messages::SeatAdded>(message).seat.place, "Room 3");
}

TEST(PageMessages, a_snapshot_says_all_and_leaves_out_who_is_nobody) {
  conference::State state{.id = "demo", .title = "Demo", .mode = conference::Mode::conference, .locked = true};
  state.seats.push_back(
      {.id = "a",
       .name = "A",
       .role = conference::Role::site,
       .present = true,
       .microphone = {.open = true, .granted = true},
       .camera = {.closed_by = conference::Closer::chair},
       .sends = {conference::TrackUse::microphone, conference::TrackUse::camera},
       .hand = conference::Hand{conference::HandKind::reply, conference::WallTime{std::chrono::milliseconds{17}}}});
  state.chat.push_back({3, "a", "Hello", conference::Audience::chair, conference::WallTime{}});
  const auto message = to_message(state);
  EXPECT_FALSE(message.stage || message.slides || message.time_zone || message.seats.at(0).place);
  EXPECT_EQ(message.layout, messages::Layout::speaker);
  EXPECT_TRUE(message.locked);
  ASSERT_EQ(message.seats.size(), 1u);
  EXPECT_EQ(message.seats[0].hand->raised_at, 17u);
  EXPECT_EQ(message.seats[0].camera.closed_by, messages::Closer::chair);
  EXPECT_EQ(message.seats[0].sends.size(), 2u);
  EXPECT_EQ(message.chat[0].number, 3u);
  state.stage = "a";
  state.time_zone = "Asia/Ho_Chi_Minh";
  state.layout = conference::Layout::mosaic;
  state.seats[0].place = "Room 3";
  EXPECT_EQ(to_message(state).stage, "a");
  EXPECT_EQ(to_message(state).time_zone, "Asia/Ho_Chi_Minh");
  EXPECT_EQ(to_message(state).layout, messages::Layout::mosaic);
  EXPECT_EQ(to_message(state).seats[0].place, "Room 3");
}

}  // namespace
}  // namespace bridgehall::web

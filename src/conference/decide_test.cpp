#include "conference/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conference/conference_testing.h"

namespace bridgehall::conference {
namespace {

// '+': something changes; '.': allowed, nothing to change; '-': not allowed; 'f': needs the floor.
char outcome(const Decided& decided) {
  if (decided) return decided->empty() ? '.' : '+';
  EXPECT_FALSE(decided.error().message.empty());
  EXPECT_EQ(decided.error().message.back(), '.');
  if (decided.error().code == RefusalCode::needs_floor) return 'f';
  return decided.error().code == RefusalCode::not_allowed ? '-' : '?';
}

struct Row {
  const char* what;
  Command command;
  const char* discussion;  // outcome for each role, in the order of kRoles
  const char* conference;
  bool of_own_seat = false;  // `command` is asked of the actor's own seat
};

Command about(const SeatId& seat, Command command) {
  std::visit(
      [&](auto& what) {
        if constexpr (requires { what.seat; }) what.seat = seat;
      },
      command);
  return command;
}

TEST(Decide, every_role_may_what_the_table_says) {
  // moderator, chair, presenter, hall, site, delegate, viewer
  const std::vector<Row> table{
      {"own microphone", OpenMicrophone{}, "++++++-", "++++ff-", true},
      {"own camera", OpenCamera{}, "++++++-", "++++++-", true},
      {"another's microphone", OpenMicrophone{"target"}, "++-----", "++-----"},
      {"another's camera", OpenCamera{"target"}, "++-----", "++-----"},
      {"closing another's microphone", CloseMicrophone{"speaker"}, "++-----", "++-----"},
      {"closing another's camera", CloseCamera{"speaker"}, "++-----", "++-----"},
      {"a viewer's microphone", OpenMicrophone{"guest"}, "-------", "-------"},
      {"a viewer's camera", OpenCamera{"guest"}, "-------", "-------"},
      {"the stage", SetStage{"target"}, "++-----", "++-----"},
      {"a viewer on stage", SetStage{"guest"}, "-------", "-------"},
      {"mode conference", SetMode{Mode::conference}, "++-----", "..-----"},
      {"mode discussion", SetMode{Mode::discussion}, "..-----", "++-----"},
      {"layout", SetLayout{Layout::mosaic}, "++-----", "++-----"},
      {"the same layout", SetLayout{Layout::speaker}, "..-----", "..-----"},
      {"closing all microphones", CloseMicrophones{}, "++-----", "++-----"},
      {"closing all but the one that is open", CloseMicrophones{"speaker"}, "..-----", "..-----"},
      {"lock", SetLock{true}, "++-----", "++-----"},
      {"remove", Remove{"target"}, "++-----", "++-----"},
      {"removing oneself", Remove{}, "-------", "-------", true},
      {"raising a hand", RaiseHand{HandKind::reply}, "--++++-", "--++++-"},
      {"lowering another's hand", LowerHand{"speaker"}, "++-----", "++-----"},
      {"lowering the own hand", LowerHand{}, ".......", ".......", true},
      {"chat", Say{"Hello", Audience::everyone}, "++++++-", "++++++-"},
      {"sharing slides", ShareSlides{true}, "++++---", "++++---"},
      {"no longer sharing", ShareSlides{false}, ".......", "......."},
  };
  for (const auto& row : table) {
    for (const auto mode : {Mode::discussion, Mode::conference}) {
      auto state = full_house(mode);
      state.seats.push_back({.id = "target", .role = Role::site, .present = true});
      state.seats.push_back({.id = "guest", .role = Role::viewer, .present = true});
      state.seats.push_back({.id = "speaker",
                             .role = Role::delegate,
                             .present = true,
                             .microphone = {.open = true, .granted = true},
                             .camera = {.open = true},
                             .hand = Hand{}});
      std::string outcomes;
      for (const auto role : kRoles) {
        const SeatId actor{role_name(role)};
        outcomes += outcome(decide(state, kNoon, actor, row.of_own_seat ? about(actor, row.command) : row.command));
      }
      EXPECT_EQ(outcomes, mode == Mode::discussion ? row.discussion : row.conference)
          << row.what << (mode == Mode::discussion ? " in a discussion" : " in a conference");
    }
  }
}

TEST(Decide, nobody_asks_for_anything_before_joining) {
  auto state = full_house();
  state.find("chair")->present = false;
  EXPECT_EQ(refusal(decide(state, kNoon, "chair", SetLock{true})), RefusalCode::not_joined);
  EXPECT_EQ(refusal(decide(state, kNoon, "stranger", SetLock{true})), RefusalCode::not_joined);
}

TEST(Decide, who_is_meant_has_to_be_there) {
  auto state = full_house();
  state.find("site")->present = false;
  for (const Command& command : {Command{OpenMicrophone{"site"}}, Command{CloseMicrophone{"site"}},
                                 Command{OpenCamera{"site"}}, Command{CloseCamera{"site"}}, Command{Remove{"site"}}}) {
    EXPECT_EQ(refusal(decide(state, kNoon, "chair", command)), RefusalCode::not_connected);
    EXPECT_EQ(refusal(decide(state, kNoon, "chair", about("nobody", command))), RefusalCode::unknown_seat);
  }
  EXPECT_TRUE(decide(state, kNoon, "chair", SetStage{"site"})) << "a stage may be prepared";
  EXPECT_TRUE(decide(state, kNoon, {}, OpenMicrophone{"site"})) << "the server prepares an empty seat";
}

// -- microphones --

TEST(Decide, what_the_chair_has_closed_its_owner_does_not_open) {
  auto state = full_house();
  ASSERT_TRUE(carry_out(state, "site", OpenMicrophone{"site"}));
  ASSERT_TRUE(carry_out(state, "chair", CloseMicrophone{"site"}));
  EXPECT_EQ(refusal(decide(state, kNoon, "site", OpenMicrophone{"site"})), RefusalCode::needs_floor);
  ASSERT_TRUE(carry_out(state, "site", CloseMicrophone{"site"}));
  EXPECT_EQ(refusal(decide(state, kNoon, "site", OpenMicrophone{"site"})), RefusalCode::needs_floor)
      << "closing what is closed does not make it the own doing";
  ASSERT_TRUE(carry_out(state, "chair", OpenMicrophone{"site"}));
  EXPECT_TRUE(state.find("site")->microphone.open);
}

TEST(Decide, nor_does_it_open_by_joining_again) {
  auto state = full_house();
  ASSERT_TRUE(carry_out(state, "chair", CloseMicrophone{"delegate"}));
  ASSERT_TRUE(carry_out(state, {}, Depart{"delegate", LeaveReason::left}));
  ASSERT_TRUE(carry_out(state, {},
                        Arrive{.seat = "delegate",
                               .role = Role::delegate,
                               .microphone = true,
                               .camera = true,
                               .sends = {TrackUse::microphone, TrackUse::camera}}));
  EXPECT_FALSE(state.find("delegate")->microphone.open);
  EXPECT_EQ(state.find("delegate")->microphone.closed_by, Closer::chair);
  EXPECT_TRUE(state.find("delegate")->camera.open);
}

TEST(Decide, whoever_closed_the_own_microphone_opens_it_again) {
  auto state = full_house();
  ASSERT_TRUE(carry_out(state, "site", OpenMicrophone{"site"}));
  ASSERT_TRUE(carry_out(state, "site", CloseMicrophone{"site"}));
  EXPECT_EQ(state.find("site")->microphone.closed_by, Closer::self);
  EXPECT_TRUE(carry_out(state, "site", OpenMicrophone{"site"}));
}

TEST(Decide, the_floor_is_given_with_the_hand_lowered_and_lasts_until_it_is_taken) {
  auto state = full_house(Mode::conference);
  ASSERT_TRUE(carry_out(state, "site", RaiseHand{HandKind::contribution}));
  ASSERT_TRUE(carry_out(state, "chair", OpenMicrophone{"site"}));
  EXPECT_FALSE(state.find("site")->hand);
  EXPECT_EQ(state.find("site")->microphone, (Microphone{.open = true, .granted = true}));
  ASSERT_TRUE(carry_out(state, "site", CloseMicrophone{"site"}));
  EXPECT_TRUE(carry_out(state, "site", OpenMicrophone{"site"})) << "a cough does not cost the floor";
  ASSERT_TRUE(carry_out(state, "chair", CloseMicrophone{"site"}));
  EXPECT_FALSE(state.find("site")->microphone.granted);
  EXPECT_EQ(refusal(decide(state, kNoon, "site", OpenMicrophone{"site"})), RefusalCode::needs_floor);
}

TEST(Decide, mode_conference_closes_those_without_the_floor_and_discussion_lets_them_open_again) {
  auto state = full_house();
  for (const auto* seat : {"chair", "hall", "site", "delegate"})
    ASSERT_TRUE(carry_out(state, seat, OpenMicrophone{seat}));
  ASSERT_TRUE(carry_out(state, "chair", OpenMicrophone{"delegate"}));
  ASSERT_TRUE(carry_out(state, "chair", SetMode{Mode::conference}));
  EXPECT_TRUE(state.find("chair")->microphone.open);
  EXPECT_TRUE(state.find("hall")->microphone.open);
  EXPECT_TRUE(state.find("delegate")->microphone.open) << "was given the floor";
  EXPECT_FALSE(state.find("site")->microphone.open);
  ASSERT_TRUE(carry_out(state, "chair", SetMode{Mode::discussion}));
  EXPECT_TRUE(carry_out(state, "site", OpenMicrophone{"site"}));
}

TEST(Decide, all_microphones_but_the_own_and_one_more_are_closed_as_if_one_by_one) {
  auto state = full_house(Mode::conference);
  for (const auto* seat : {"chair", "hall", "moderator"}) ASSERT_TRUE(carry_out(state, seat, OpenMicrophone{seat}));
  for (const auto* seat : {"site", "delegate"}) ASSERT_TRUE(carry_out(state, "chair", OpenMicrophone{seat}));
  const auto before = state;
  auto one_by_one = state;
  for (const auto* seat : {"moderator", "hall", "delegate"})
    ASSERT_TRUE(carry_out(one_by_one, "chair", CloseMicrophone{seat}));
  ASSERT_TRUE(carry_out(state, "chair", CloseMicrophones{"site"}));
  EXPECT_EQ(state, one_by_one);
  EXPECT_EQ(state.find("presenter")->microphone, before.find("presenter")->microphone) << "was closed, by nobody";
  EXPECT_EQ(refusal(decide(state, kNoon, "delegate", OpenMicrophone{"delegate"})), RefusalCode::needs_floor);
  EXPECT_TRUE(decide(state, kNoon, "chair", CloseMicrophones{"site"})->empty());
  ASSERT_TRUE(carry_out(state, "chair", CloseMicrophones{}));
  EXPECT_TRUE(state.find("chair")->microphone.open);
  EXPECT_FALSE(state.find("site")->microphone.open);
}

TEST(Decide, closing_all_microphones_reaches_who_coughs_and_who_was_lost) {
  auto state = full_house();
  ASSERT_TRUE(carry_out(state, "chair", OpenMicrophone{"site"}));
  ASSERT_TRUE(carry_out(state, "site", CloseMicrophone{"site"}));
  ASSERT_TRUE(carry_out(state, "delegate", OpenMicrophone{"delegate"}));
  ASSERT_TRUE(carry_out(state, {}, Depart{"delegate", LeaveReason::lost}));
  ASSERT_TRUE(carry_out(state, "chair", CloseMicrophones{}));
  const Microphone closed{.closed_by = Closer::chair};
  EXPECT_EQ(state.find("site")->microphone, closed);
  EXPECT_EQ(state.find("delegate")->microphone, closed);
}

TEST(Decide, who_is_spared_has_to_be_a_seat) {
  const auto state = full_house();
  const auto refused = decide(state, kNoon, "chair", CloseMicrophones{"nobody"});
  EXPECT_EQ(refusal(refused), RefusalCode::unknown_seat);
  EXPECT_EQ(refused.error().field, "except");
}

TEST(Decide, a_camera_that_the_chair_has_closed_is_opened_by_the_chair_only) {
  auto state = full_house();
  ASSERT_TRUE(carry_out(state, "site", OpenCamera{"site"}));
  ASSERT_TRUE(carry_out(state, "chair", CloseCamera{"site"}));
  EXPECT_EQ(refusal(decide(state, kNoon, "site", OpenCamera{"site"})), RefusalCode::not_allowed);
  ASSERT_TRUE(carry_out(state, "moderator", OpenCamera{"site"}));
  EXPECT_TRUE(state.find("site")->camera.open);
}

// -- coming and going --

TEST(Decide, a_locked_conference_takes_back_those_who_were_there_and_lets_in_who_leads) {
  auto state = full_house();
  state.seats.push_back({.id = "late", .role = Role::site});
  ASSERT_TRUE(carry_out(state, "chair", SetLock{true}));
  ASSERT_TRUE(carry_out(state, {}, Depart{"site", LeaveReason::lost}));
  EXPECT_TRUE(carry_out(state, {}, Arrive{.seat = "site", .role = Role::site}));
  EXPECT_EQ(refusal(carry_out(state, {}, Arrive{.seat = "late", .role = Role::site})), RefusalCode::locked);
  EXPECT_EQ(refusal(carry_out(state, {}, Arrive{.seat = "new", .role = Role::delegate})), RefusalCode::locked);
  EXPECT_TRUE(carry_out(state, {}, Arrive{.seat = "second-chair", .role = Role::chair}));
  EXPECT_TRUE(carry_out(state, {}, Arrive{.seat = "camera-2", .role = Role::site, .forced = true}))
      << "by a moderator's token";
}

TEST(Decide, whoever_was_removed_comes_back_closed_and_not_into_a_locked_conference) {
  auto state = full_house();
  ASSERT_TRUE(carry_out(state, "site", OpenMicrophone{"site"}));
  ASSERT_TRUE(carry_out(state, "chair", SetStage{"site"}));
  ASSERT_TRUE(carry_out(state, "site", ShareSlides{true}));
  ASSERT_TRUE(carry_out(state, "site", RaiseHand{}));
  ASSERT_TRUE(carry_out(state, "chair", Remove{"site"}));
  const auto& site = *state.find("site");
  EXPECT_FALSE(site.present || site.microphone.open || site.hand || site.admitted);
  EXPECT_EQ(state.stage, "");
  EXPECT_EQ(state.slides, "");
  ASSERT_TRUE(carry_out(state, {}, Arrive{.seat = "site", .role = Role::site, .microphone = true}));
  EXPECT_FALSE(site.microphone.open);
  ASSERT_TRUE(carry_out(state, "chair", Remove{"site"}));
  ASSERT_TRUE(carry_out(state, "chair", SetLock{true}));
  EXPECT_EQ(refusal(decide(state, kNoon, {}, Arrive{.seat = "site", .role = Role::site})), RefusalCode::locked);
}

TEST(Decide, seats_are_bounded) {
  State state;
  for (std::size_t i = 0; i < State::kMaxSeats; ++i) state.seats.push_back({.id = "s" + std::to_string(i)});
  EXPECT_EQ(refusal(decide(state, kNoon, {}, Arrive{.seat = "one-more", .role = Role::chair})), RefusalCode::full);
  EXPECT_TRUE(decide(state, kNoon, {}, Arrive{.seat = "s7", .role = Role::chair}));
}

TEST(Decide, a_viewer_sends_nothing_whoever_asks_for_it) {
  auto state = full_house();
  EXPECT_EQ(refusal(decide(state, kNoon, {},
                           Arrive{.seat = "viewer",
                                  .role = Role::moderator,
                                  .microphone = true,
                                  .forced = true,
                                  .sends = {TrackUse::microphone}})),
            RefusalCode::not_allowed);
}

// -- slides, hands, chat --

TEST(Decide, slides_are_shared_by_who_is_on_stage_and_end_with_the_stage) {
  auto state = full_house();
  EXPECT_EQ(refusal(decide(state, kNoon, "site", ShareSlides{true})), RefusalCode::not_allowed);
  ASSERT_TRUE(carry_out(state, "chair", SetStage{"site"}));
  ASSERT_TRUE(carry_out(state, "site", ShareSlides{true}));
  EXPECT_EQ(state.slides, "site");
  ASSERT_TRUE(carry_out(state, "chair", SetStage{"hall"}));
  EXPECT_EQ(state.slides, "");
  ASSERT_TRUE(carry_out(state, "presenter", ShareSlides{true}));
  ASSERT_TRUE(carry_out(state, "chair", SetStage{"site"}));
  EXPECT_EQ(state.slides, "presenter") << "whose role allows it anywhere";
  ASSERT_TRUE(carry_out(state, "hall", ShareSlides{false}));
  EXPECT_EQ(state.slides, "presenter") << "only the own are ended";
}

TEST(Decide, slides_end_with_their_track_and_with_their_seat) {
  for (const Command& command :
       {Command{ChangeSends{"presenter", {TrackUse::camera}}}, Command{Depart{"presenter", LeaveReason::lost}},
        Command{Arrive{.seat = "presenter", .role = Role::presenter, .sends = {TrackUse::camera}}}}) {
    auto state = full_house();
    ASSERT_TRUE(carry_out(state, "presenter", ShareSlides{true}));
    ASSERT_TRUE(carry_out(state, {}, command));
    EXPECT_EQ(state.slides, "");
  }
  auto state = full_house();
  state.find("presenter")->sends = {TrackUse::camera};
  EXPECT_EQ(refusal(decide(state, kNoon, "presenter", ShareSlides{true})), RefusalCode::malformed);
}

TEST(Decide, a_hand_of_another_kind_keeps_its_place_in_the_queue) {
  auto state = full_house();
  ASSERT_TRUE(carry_out(state, "site", RaiseHand{HandKind::contribution}));
  EXPECT_TRUE(decide(state, kNoon, "site", RaiseHand{HandKind::contribution})->empty());
  ASSERT_TRUE(carry_out(state, "site", RaiseHand{HandKind::point_of_order}, kNoon + std::chrono::minutes{1}));
  EXPECT_EQ(state.find("site")->hand, (Hand{HandKind::point_of_order, kNoon}));
}

TEST(Decide, a_message_has_text_and_the_next_number) {
  auto state = full_house();
  EXPECT_EQ(refusal(decide(state, kNoon, "site", Say{" \t\n"})), RefusalCode::malformed);
  ASSERT_TRUE(carry_out(state, "site", Say{"One"}));
  ASSERT_TRUE(carry_out(state, "hall", Say{"Two", Audience::chair}));
  ASSERT_EQ(state.chat.size(), 2u);
  EXPECT_EQ(state.chat.back(), (ChatMessage{2, "hall", "Two", Audience::chair, kNoon}));
}

}  // namespace
}  // namespace bridgehall::conference

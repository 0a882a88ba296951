#include "conference/visibility.h"

#include <gtest/gtest.h>

#include "conference/conference_testing.h"

namespace bridgehall::conference {
namespace {

TEST(Visibility, hands_are_seen_by_all_who_take_part_and_the_own_by_its_owner) {
  auto state = full_house();
  state.find("site")->hand = Hand{};
  for (const auto role : kRoles) {
    const SeatId seat{role_name(role)};
    const bool sees = role != Role::viewer;
    EXPECT_EQ(visible_state(state, role, seat).find("site")->hand.has_value(), sees) << seat;
    EXPECT_EQ(may_see(role, seat, HandRaised{"site", {}}), sees) << seat;
    EXPECT_EQ(may_see(role, seat, HandLowered{"site"}), sees) << seat;
  }
  EXPECT_TRUE(may_see(Role::viewer, "site", HandLowered{"site"}));
}

TEST(Visibility, a_message_to_the_chair_is_read_by_who_leads_and_who_wrote_it) {
  const ChatSaid private_word{{1, "site", "Psst", Audience::chair, {}}};
  const ChatSaid public_word{{2, "site", "Hello", Audience::everyone, {}}};
  auto state = full_house();
  apply(state, private_word);
  apply(state, public_word);
  const auto reads = [&](Role role, const SeatId& seat) {
    const auto visible = visible_state(state, role, seat).chat;
    EXPECT_EQ(may_see(role, seat, private_word) + may_see(role, seat, public_word), static_cast<int>(visible.size()));
    return visible.size();
  };
  EXPECT_EQ(reads(Role::chair, "chair"), 2u);
  EXPECT_EQ(reads(Role::moderator, "moderator"), 2u);
  EXPECT_EQ(reads(Role::site, "site"), 2u);
  EXPECT_EQ(reads(Role::hall, "hall"), 1u);
  EXPECT_EQ(reads(Role::delegate, "delegate"), 1u);
  EXPECT_EQ(reads(Role::viewer, "viewer"), 0u);
}

TEST(Visibility, what_happened_to_seats_is_seen_by_everyone) {
  for (const Event& event : {Event{Joined{"site"}}, Event{Left{"site"}}, Event{MicrophoneChanged{"site"}},
                             Event{StageChanged{}}, Event{ModeChanged{}}, Event{LayoutChanged{}}, Event{LockChanged{}},
                             Event{SlidesChanged{}}, Event{SendsChanged{"site"}}})
    EXPECT_TRUE(may_see(Role::viewer, "viewer", event));
}

}  // namespace
}  // namespace bridgehall::conference

#include "conference/policy.h"

#include <gtest/gtest.h>

namespace bridgehall::conference {
namespace {

TEST(Policy, every_role_is_found_by_its_name) {
  for (const auto role : kRoles) EXPECT_EQ(parse_role(role_name(role)), role);
  EXPECT_FALSE(parse_role("root"));
  EXPECT_FALSE(parse_role("Moderator"));
  EXPECT_FALSE(parse_role(""));
}

TEST(Policy, a_moderator_publishes_under_any_name_and_others_only_under_their_own) {
  for (const auto role : kRoles) {
    EXPECT_EQ(may_publish(role, "me", "me"), role != Role::viewer) << role_name(role);
    EXPECT_EQ(may_publish(role, "me", "you"), role == Role::moderator) << role_name(role);
    EXPECT_EQ(opens_at_once(role), role == Role::moderator) << role_name(role);
    EXPECT_EQ(may_set_gate(role), role == Role::moderator) << role_name(role);
    EXPECT_TRUE(may_view(role)) << role_name(role);
    EXPECT_TRUE(may_control_session(role, "me", "me")) << role_name(role);
    EXPECT_EQ(may_control_session(role, "me", "you"), role == Role::moderator) << role_name(role);
    EXPECT_EQ(may_replace_publisher(role, "me", "you"), role == Role::moderator) << role_name(role);
  }
}

TEST(Policy, names_stand_unescaped_in_urls_and_sdp) {
  for (const auto* good :
       {"a", "site-1", "Hall_2.left", "0123456789012345678901234567890123456789012345678901234567890123"})
    EXPECT_TRUE(is_valid_name(good)) << good;
  for (const auto* bad : {"", ".", "..", ".hidden", "a b", "a/b", "a%2fb", "é", "a\r\nb",
                          "01234567890123456789012345678901234567890123456789012345678901234"})
    EXPECT_FALSE(is_valid_name(bad)) << bad;
}

}  // namespace
}  // namespace bridgehall::conference

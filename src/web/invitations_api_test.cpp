#include "web/invitations_api.h"

#include "web/control_testing.h"

namespace bridgehall::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class InvitationsTest : public ControlFixture {
 protected:
  InvitationsTest() {
    conference::Roster roster{.id = "demo", .title = "Demo"};
    roster.seats.push_back(
        {.id = "mod", .name = "Moderator", .role = conference::Role::moderator, .invitation = "link-mod", .serial = 1});
    roster.seats.push_back(
        {.id = "a", .name = "Hà Giang", .role = conference::Role::site, .invitation = "link-a", .serial = 4});
    roster.seats.push_back({.id = "uninvited", .name = "Nobody", .role = conference::Role::site});
    restart({}, {roster, {.id = "other"}});
  }

  Response exchange(const std::string& body, const std::string& type = "application/json") {
    return ask(request("POST", "/api/invitations/exchange", {}, type, body));
  }
  std::string exchanged(const std::string& invitation) {
    const auto response = exchange(nlohmann::json{{"invitation", invitation}}.dump());
    return response.status == 200 ? nlohmann::json::parse(response.body)["token"].get<std::string>() : "";
  }
  Response renew(const std::string& seat, const std::string& bearer, const std::string& conference = "demo") {
    return ask(request("POST", "/api/conferences/" + conference + "/seats/" + seat + "/invitation", bearer));
  }
  std::string kind(const Response& response) {
    return problem(response)["type"].get<std::string>().substr(std::string("urn:bridgehall:problem:").size());
  }
};

TEST_F(InvitationsTest, an_invitation_is_exchanged_for_a_short_token_and_words_for_the_page) {
  const auto response = exchange(R"({"invitation":"link-a"})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(header(response, "Cache-Control"), "no-store");
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["conference"], "demo");
  EXPECT_EQ(json["title"], "Demo");
  EXPECT_EQ(json["seat"], "a");
  EXPECT_EQ(json["name"], "Hà Giang");
  EXPECT_EQ(json["role"], "site");
  EXPECT_EQ(json["expires_in"], 600);
  const auto claims = key.verify(json["token"].get<std::string>(), kWall);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->serial, 4u);
  EXPECT_EQ(claims->subject, "a");
  EXPECT_FALSE(key.verify(json["token"].get<std::string>(), kWall + kInvitationTokenLife));
}

TEST_F(InvitationsTest, what_is_no_invitation_is_refused_in_words) {
  EXPECT_EQ(kind(exchange(R"({"invitation":"link-b"})")), "unknown-invitation");
  EXPECT_EQ(kind(exchange(R"({"invitation":""})")), "unknown-invitation") << "a seat without a link has none";
  EXPECT_EQ(kind(exchange(R"({"invitation":5})")), "wrong-type");
  EXPECT_EQ(kind(exchange(R"({})")), "wrong-type");
  EXPECT_EQ(kind(exchange("[]")), "json-malformed");
  EXPECT_EQ(kind(exchange("{")), "json-malformed");
  EXPECT_EQ(kind(exchange("{}", "text/plain")), "content-type");
  EXPECT_EQ(ask(request("GET", "/api/invitations/exchange")).status, 405);
}

TEST_F(InvitationsTest, a_moderator_renews_and_the_old_link_and_its_tokens_are_worth_nothing) {
  const auto moderator = exchanged("link-mod"), old = exchanged("link-a");
  const auto list = [&](const std::string& bearer) {
    return ask(request("GET", "/api/conferences/demo/publications", bearer)).status;
  };
  EXPECT_EQ(list(old), 200u);
  const auto response = renew("a", moderator);
  ASSERT_EQ(response.status, 201) << response.body;
  const auto link = nlohmann::json::parse(response.body)["invitation"].get<std::string>();
  EXPECT_THAT(link, testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(exchanged("link-a"), "");
  EXPECT_EQ(list(old), 401u);
  const auto fresh = exchanged(link);
  EXPECT_EQ(list(fresh), 200u);
  EXPECT_EQ(key.verify(fresh, kWall)->serial, 5u);
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->seats[1].invitation, link);
  EXPECT_EQ(saved->seats[1].serial, 5u);
  EXPECT_EQ(saved->seats[0].invitation, "link-mod") << "others keep theirs";
}

TEST_F(InvitationsTest, what_cannot_be_written_down_is_not_renewed) {
  disk_full = true;
  const auto response = renew("a", exchanged("link-mod"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(kind(response), "not-saved");
  EXPECT_THAT(response.body, Not(HasSubstr("disk")));
  EXPECT_NE(exchanged("link-a"), "");
}

TEST_F(InvitationsTest, renewing_is_for_moderators_of_that_conference) {
  const auto moderator = exchanged("link-mod");
  EXPECT_EQ(kind(renew("a", exchanged("link-a"))), "may-not-invite");
  EXPECT_EQ(kind(renew("a", "")), "token-missing");
  EXPECT_EQ(kind(renew("a", moderator, "other")), "other-conference");
  EXPECT_EQ(kind(renew("a", moderator, "nowhere")), "unknown-conference");
  EXPECT_EQ(kind(renew("nobody", moderator)), "unknown-seat");
  EXPECT_EQ(renew("uninvited", moderator).status, 201) << "its first link";
  EXPECT_EQ(renew("mod", moderator).status, 201);
  EXPECT_EQ(kind(renew("a", moderator)), "token-invalid") << "the own one too";
}

}  // namespace
}  // namespace bridgehall::web

#include <set>

#include "web/control_testing.h"
#include "web/page_testing.h"

namespace bridgehall::web {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> links(const Response& response) {
  std::vector<std::string> found;
  for (const auto& [name, value] : response.headers)
    if (name == "Link") found.push_back(value);
  return found;
}

const IceServerSettings kShared{.fixed = {{"stun:stun.example.org", {}, {}}, {"turn:old.example.org", "u", "p"}},
                                .shared_turn = {"turn:turn.example.org", "turns:turn.example.org:443"},
                                .secret = "north",
                                .lifetime = std::chrono::seconds{600}};
constexpr auto kExpiry = "1800000600:";  // kWall and ten minutes

TEST(IceServers, AreFixedOnesAndSharedOnesWithACredentialOfTheirOwnEachTime) {
  SeededRandom random{5};
  IceServers servers(kShared, random);
  std::set<std::string> names;
  for (int i = 0; i < 8; ++i) {
    const auto made = servers.make(kWall);
    ASSERT_EQ(made.size(), 4u);
    EXPECT_EQ(made[0].username, "");
    EXPECT_EQ(made[1].credential, "p");
    EXPECT_THAT(made[2].username, testing::MatchesRegex("1800000600:[0-9a-f]{16}"));
    EXPECT_EQ(made[2].credential.size(), 28u);
    EXPECT_EQ(made[3].username, made[2].username);  // one for all servers of a session
    names.insert(made[2].username);
  }
  EXPECT_EQ(names.size(), 8u);
  EXPECT_EQ(servers.renewal(), 300s);
}

TEST(IceServers, AreNeverRenewedWithoutASecret) {
  SeededRandom random{5};
  EXPECT_EQ(IceServers({.fixed = {{"stun:stun.example.org", {}, {}}}}, random).renewal(), Duration::max());
}

class IceServersOverHttp : public ControlFixture {
 protected:
  IceServersOverHttp() {
    ice_servers = kShared;
    restart();
  }
};

TEST_F(IceServersOverHttp, come_with_an_answer_and_name_nobody) {
  const auto response =
      ask(request("POST", "/whip/demo/stage", token("moderator", "mod"), "application/sdp", sdp("chromium_publisher")));
  ASSERT_EQ(response.status, 201) << response.body;
  const auto all = links(response);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(
      all[1],
      "<turn:old.example.org>; rel=\"ice-server\"; username=\"u\"; credential=\"p\"; credential-type=\"password\"");
  EXPECT_THAT(all[3],
              HasSubstr(std::string("<turns:turn.example.org:443>; rel=\"ice-server\"; username=\"") + kExpiry));
  for (const auto& link : all) EXPECT_THAT(link, Not(HasSubstr("mod")));
}

TEST_F(IceServersOverHttp, are_told_before_the_offer_to_token_holders_only) {
  EXPECT_EQ(links(ask(request("OPTIONS", "/whip/demo/stage", token("site", "site-1")))).size(), 4u);
  EXPECT_EQ(links(ask(request("OPTIONS", "/whip/demo/stage"))).size(), 0u);
  EXPECT_EQ(links(ask(request("OPTIONS", "/whip/demo/stage", "ey.ey.ey"))).size(), 0u);
}

TEST_F(IceServersOverHttp, come_again_with_an_ice_restart) {
  const auto bearer = token("moderator", "mod");
  const auto made = ask(request("POST", "/whip/demo/stage", bearer, "application/sdp", sdp("chromium_publisher")));
  auto restart = request("PATCH", header(made, "Location"), bearer, "application/trickle-ice-sdpfrag",
                         "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n");
  restart.headers.add("If-Match", "*");
  const auto answer = ask(restart);
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(links(answer).size(), 4u);
  EXPECT_NE(links(answer)[3], links(made)[3]);
}

TEST_F(IceServersOverHttp, reach_a_page_with_its_welcome_and_anew_before_they_expire) {
  ASSERT_FALSE(control->open_link(LinkId{1}, "demo", request("GET", "/"), at(now)));
  TestPage page(*control, LinkId{1});
  page.say(messages::Hello{.version = messages::kVersion, .token = token("site", "site-1")}, at(now));
  const auto greeted = page.read(at(now));
  const auto* welcome = std::get_if<messages::Welcome>(&greeted.front());
  ASSERT_TRUE(welcome);
  ASSERT_EQ(welcome->ice_servers.size(), 4u);
  EXPECT_FALSE(welcome->ice_servers[0].username);
  EXPECT_THAT(*welcome->ice_servers[3].username, testing::StartsWith(kExpiry));

  const auto renewed = [&](Duration after) {
    page.say(messages::Ping{}, at(now + after));
    for (const auto& message : page.read(at(now + after)))
      if (std::holds_alternative<messages::IceServers>(message)) return true;
    return false;
  };
  EXPECT_FALSE(renewed(299s));
  EXPECT_TRUE(renewed(300s));
  EXPECT_FALSE(renewed(302s));
  EXPECT_TRUE(renewed(601s));
}

}  // namespace
}  // namespace bridgehall::web

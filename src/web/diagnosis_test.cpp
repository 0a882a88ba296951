#include "web/control_testing.h"
#include "web/page_testing.h"

namespace bridgehall::web {
namespace {

class DiagnosisTest : public ControlFixture {
 protected:
  DiagnosisTest() {
    diagnose = [this](const LiveFacts& live) {
      seen = live;
      return std::vector<Finding>{{Level::attention, "clock.free", {{"key", "va\"lue\xff"}}, "A sentence."}};
    };
    restart();
  }
  Request ask_for(const std::string& bearer) { return request("GET", "/api/diagnosis", bearer); }

  std::optional<LiveFacts> seen;
};

TEST_F(DiagnosisTest, is_shown_to_administrators_only) {
  EXPECT_EQ(ask(ask_for({})).status, 401);
  EXPECT_EQ(ask(ask_for("a.b.c")).status, 401);
  for (const auto* role : {"moderator", "chair", "viewer"}) {
    const auto refused = ask(ask_for(token(role, "someone")));
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(problem(refused)["type"], testing::HasSubstr("administrators-only"));
  }
  EXPECT_FALSE(seen);
  EXPECT_EQ(ask(request("POST", "/api/diagnosis", token("administrator", "root"))).status, 405);
  const auto shown = ask(ask_for(token("administrator", "root", "*")));
  ASSERT_EQ(shown.status, 200);
  EXPECT_EQ(header(shown, "Cache-Control"), "no-store");
  const auto finding = nlohmann::json::parse(shown.body)["findings"][0];
  EXPECT_EQ(finding["level"], "attention");
  EXPECT_EQ(finding["code"], "clock.free");
  EXPECT_EQ(finding["values"]["key"], "va\"lue\xef\xbf\xbd");
  EXPECT_EQ(finding["sentence"], "A sentence.");
  ASSERT_TRUE(seen);
  EXPECT_NE(seen->shard, nullptr);
}

TEST_F(DiagnosisTest, is_made_without_the_media_core_when_it_does_not_answer) {
  core.willing = false;
  EXPECT_FALSE(try_ask(ask_for(token("administrator", "root", "*"))));
  now += Control::kCountersTimeout;
  control->handle_timeout(at(now));
  const auto late = control->poll_answer();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->response.status, 200);
  EXPECT_EQ(seen->shard, nullptr);
}

TEST_F(DiagnosisTest, an_administrators_token_opens_no_conference) {
  const auto bearer = token("administrator", "root");
  EXPECT_EQ(ask(request("GET", "/api/conferences/demo/publications", bearer)).status, 401);
  EXPECT_EQ(ask(request("POST", "/whip/demo/stage", bearer, "application/sdp", sdp("chromium_publisher"))).status, 401);
  ASSERT_FALSE(control->open_link(LinkId{1}, "demo", request("GET", "/"), at(now)));
  TestPage page(*control, LinkId{1});
  page.say(messages::Hello{.version = messages::kVersion, .token = bearer}, at(now));
  EXPECT_TRUE(std::holds_alternative<messages::Refused>(page.read(at(now)).front()));
}

TEST_F(DiagnosisTest, a_page_is_told_by_each_pong_how_far_its_media_come) {
  ASSERT_FALSE(control->open_link(LinkId{1}, "demo", request("GET", "/"), at(now)));
  TestPage page(*control, LinkId{1});
  const auto heard = [&]() -> std::optional<messages::Heard> {
    page.say(messages::Ping{}, at(now));
    const auto all = page.read(at(now));
    return std::get<messages::Pong>(all.back()).heard;
  };
  page.say(messages::Hello{.version = messages::kVersion, .token = token("site", "site-1")}, at(now));
  page.read(at(now));
  EXPECT_EQ(heard(), std::nullopt);
  page.say(join_message(sdp("chromium_participant")), at(now));
  control->handle_events(at(now));
  page.read(at(now));
  EXPECT_EQ(heard(), messages::Heard::nothing);
  const auto peer = (*core.last<std::unique_ptr<media::CreatePeer>>())->peer;
  const auto say = [&](media::Event event) {
    core.say(std::move(event));
    control->handle_events(at(now));
  };
  say(media::PeerHeard{peer, media::Heard::wrong_password});
  EXPECT_EQ(heard(), messages::Heard::wrong_password);
  say(media::PeerHeard{peer, media::Heard::checks});
  EXPECT_EQ(heard(), messages::Heard::checks);
  say(media::PeerConnected{peer});
  EXPECT_EQ(heard(), messages::Heard::connected);
}

}  // namespace
}  // namespace bridgehall::web

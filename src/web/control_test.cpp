#include "web/control.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "web/control_testing.h"

namespace bridgehall::web {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string without_lines(const std::string& text, std::string_view with) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
    if (text.find(with, at) >= end) kept += text.substr(at, end - at);
    at = end;
  }
  return kept;
}

class ControlTest : public ControlFixture {
 protected:
  Request publish_request(const std::string& name, const std::string& bearer,
                          const std::string& offer = "chromium_publisher") {
    return request("POST", "/whip/demo/" + name, bearer, "application/sdp", sdp(offer));
  }
  Response publish(const std::string& name) { return ask(publish_request(name, moderator)); }
  Request patch_request(const std::string& location, const std::string& bearer, const std::string& if_match,
                        const std::string& body) {
    auto r = request("PATCH", location, bearer, "application/trickle-ice-sdpfrag", body);
    if (!if_match.empty()) r.headers.add("If-Match", if_match);
    return r;
  }

  const std::string moderator = token("moderator", "mod");
  const std::string viewer = token("viewer", "guest");
  const std::string kTrickle = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n";
};

// -- WHIP and WHEP --

TEST_F(ControlTest, a_publisher_gets_an_answer_an_address_and_an_etag) {
  const auto response = publish("stage");
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(header(response, "Content-Type"), "application/sdp");
  EXPECT_THAT(header(response, "Location"), testing::MatchesRegex("/whip/demo/stage/[0-9a-f]{32}"));
  EXPECT_EQ(header(response, "ETag"), "\"ice-1\"");
  EXPECT_EQ(header(response, "Link"), "<stun:stun.example.org>; rel=\"ice-server\"");
  EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "*");
  EXPECT_THAT(header(response, "Access-Control-Expose-Headers"), HasSubstr("Location, ETag, Link"));
  EXPECT_THAT(response.body, HasSubstr("a=setup:passive"));
  const auto* create = core.last<std::unique_ptr<media::CreatePeer>>();
  ASSERT_TRUE(create);
  EXPECT_EQ((*create)->incoming.size(), 2u);
  EXPECT_THAT(response.body, HasSubstr("a=ice-ufrag:" + (*create)->transport.local.ufrag));
  EXPECT_TRUE(core.last<media::SetGate>()->open);
}

TEST_F(ControlTest, loopback_is_announced_to_loopback_clients_only_and_last) {
  const auto near = publish("stage");
  EXPECT_THAT(near.body, HasSubstr("127.0.0.1 9000"));
  EXPECT_LT(near.body.find("192.0.2.7 9000"), near.body.find("127.0.0.1 9000"));
  EXPECT_THAT(near.body, HasSubstr("2001:db8::7 9000"));
  auto r = publish_request("slides", moderator);
  r.peer.ip = *IpAddress::parse("192.0.2.99");
  const auto far = ask(r);
  EXPECT_THAT(far.body, HasSubstr("192.0.2.7 9000"));
  EXPECT_THAT(far.body, Not(HasSubstr("127.0.0.1 9000")));
}

TEST_F(ControlTest, a_viewer_of_a_live_publication_gets_its_tracks) {
  ASSERT_EQ(publish("stage").status, 201);
  const auto response = ask(request("POST", "/whep/demo/stage", viewer, "application/sdp", sdp("chromium_viewer")));
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_THAT(header(response, "Location"), testing::StartsWith("/whep/demo/stage/"));
  EXPECT_EQ((*core.last<std::unique_ptr<media::CreatePeer>>())->outgoing.size(), 2u);
}

TEST_F(ControlTest, several_names_are_viewed_in_one_session_whose_address_has_them) {
  ASSERT_EQ(publish("site-1").status, 201);
  ASSERT_EQ(publish("site-2").status, 201);
  auto offer = sdp("chromium_viewer");  // a line of each kind: picture and sound
  const auto at = offer.find("m=audio"), video = offer.find("m=video");
  auto lines = offer.substr(at, video - at);
  for (const auto& [was, is] : {std::pair{"a=mid:0", "a=mid:2"}, std::pair{"a=mid:0", "a=mid:3"}}) {
    auto more = lines;
    offer += more.replace(more.find(was), 7, is);
  }
  offer.replace(offer.find("BUNDLE 0 1"), 10, "BUNDLE 0 1 2 3");
  const auto response = ask(request("POST", "/whep/demo/site-2%2Csite-1", viewer, "application/sdp", offer));
  ASSERT_EQ(response.status, 201) << response.body;
  const auto location = header(response, "Location");
  EXPECT_THAT(location, testing::MatchesRegex("/whep/demo/site-2,site-1/[0-9a-f]{32}"));
  EXPECT_THAT(response.body, HasSubstr("a=group:BUNDLE 0 1 2\r\n"));
  EXPECT_THAT(response.body, HasSubstr("m=audio 0 ")) << "there is no third name";
  EXPECT_EQ((*core.last<std::unique_ptr<media::CreatePeer>>())->outgoing.size(), 3u) << "one picture, two sounds";
  const auto ending = location.substr(location.rfind('/'));
  EXPECT_EQ(ask(request("DELETE", "/whep/demo/site-1,site-2" + ending, viewer)).status, 404);
  EXPECT_EQ(ask(request("DELETE", location, token("viewer", "someone-else"))).status, 403);
  EXPECT_EQ(ask(request("DELETE", location, viewer)).status, 200);
}

TEST_F(ControlTest, of_several_names_those_that_are_wrong_are_named) {
  ASSERT_EQ(publish("site-1").status, 201);
  const auto refusal = [&](const std::string& names, unsigned status, const std::string& kind) {
    const auto response =
        ask(request("POST", "/whep/demo/" + names, viewer, "application/sdp", sdp("chromium_viewer")));
    EXPECT_EQ(response.status, status) << names;
    const auto json = problem(response);
    EXPECT_EQ(json["type"], "urn:bridgehall:problem:" + kind) << names;
    EXPECT_EQ(status == 409, !header(response, "Retry-After").empty()) << names;
    return json.value("field", "") + ": " + json["detail"].get<std::string>();
  };
  EXPECT_THAT(refusal("site-1,site-2,site-3", 409, "not-live"),
              testing::StartsWith("publication: Nobody is publishing as site-2 or site-3 now"));
  EXPECT_EQ(refusal("site-1,site-2,site-1", 400, "bad-name"), "publication: site-1 is named twice.");
  for (const std::string names : {"site-1,", ",site-1", "site-1,,site-2", "site-1,a%20b", ","})
    EXPECT_THAT(refusal(names, 400, "bad-name"), testing::StartsWith("publication: A publication's name has")) << names;
  std::string many = "s0";
  for (std::size_t i = 1; i < conference::kMaxViewed; ++i) many += fmt::format(",s{}", i);
  EXPECT_THAT(refusal(many, 409, "not-live"), HasSubstr("s31"));
  EXPECT_THAT(refusal(many + ",one-more", 400, "bad-name"), HasSubstr("32 names at most"));
}

TEST_F(ControlTest, the_stage_is_viewed_without_a_name_and_follows_whoever_is_on_it) {
  const auto response = ask(request("POST", "/whep/demo", viewer, "application/sdp", sdp("chromium_viewer")));
  ASSERT_EQ(response.status, 201) << response.body;
  const auto location = header(response, "Location");
  EXPECT_THAT(location, testing::MatchesRegex("/whep/demo/~/[0-9a-f]{32}"));
  const auto& create = **core.last<std::unique_ptr<media::CreatePeer>>();
  ASSERT_EQ(create.outgoing.size(), 2u);
  EXPECT_EQ(create.outgoing[0].use, media::SlotUse::stage) << "video before audio";
  EXPECT_EQ(create.outgoing[1].voice_place, media::kLeadPlace);
  EXPECT_EQ(create.outgoing[0].publication, media::PublicationId{}) << "nobody is on stage";
  EXPECT_EQ(ask(request("DELETE", "/whep/demo/stage/" + location.substr(location.rfind('/') + 1), viewer)).status, 404);
  EXPECT_EQ(ask(request("DELETE", location, viewer)).status, 200);
}

TEST_F(ControlTest, the_answer_waits_for_the_media_core) {
  core.willing = false;
  EXPECT_FALSE(try_ask(publish_request("stage", moderator)));
  core.say(media::PeerCreated{(*core.last<std::unique_ptr<media::CreatePeer>>())->peer});
  control->handle_events(at(now));
  const auto answer = control->poll_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->ticket, ticket);
  EXPECT_EQ(answer->response.status, 201);
}

TEST_F(ControlTest, a_media_core_that_says_nothing_is_waited_for_five_seconds_and_the_session_is_closed) {
  core.willing = false;
  EXPECT_FALSE(try_ask(publish_request("stage", moderator)));
  EXPECT_EQ(control->next_deadline(), now + kMediaTimeout);
  control->handle_timeout(at(now + kMediaTimeout));
  const auto answer = control->poll_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->response.status, 503);
  EXPECT_NE(header(answer->response, "Retry-After"), "");
  EXPECT_EQ(core.count<media::ClosePeer>(), 1u);
}

TEST_F(ControlTest, a_full_shard_and_a_full_ring_are_503_with_retry_after) {
  core.refusing = true;
  const auto refused = publish("stage");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(header(refused, "Retry-After"), "");
  EXPECT_EQ(header(refused, "Access-Control-Allow-Origin"), "*");
  core.refusing = false;
  core.full = true;
  EXPECT_FALSE(try_ask(publish_request("slides", moderator))) << "its commands wait for room";
  EXPECT_EQ(publish("notes").status, 503);
  core.full = false;
  control->handle_timeout(at(now + Control::kRetryPush));
  control->handle_events(at(now));
  const auto late = control->poll_answer();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->response.status, 201);
}

TEST_F(ControlTest, preflights_are_answered_without_a_token) {
  const auto endpoint = ask(request("OPTIONS", "/whip/demo/stage"));
  EXPECT_EQ(endpoint.status, 204);
  EXPECT_EQ(header(endpoint, "Accept-Post"), "application/sdp");
  EXPECT_THAT(header(endpoint, "Access-Control-Allow-Methods"), HasSubstr("POST"));
  EXPECT_THAT(header(endpoint, "Access-Control-Allow-Headers"), HasSubstr("Authorization, Content-Type, If-Match"));
  const auto session = ask(request("OPTIONS", "/whep/demo/stage/0123"));
  EXPECT_EQ(session.status, 204);
  EXPECT_THAT(header(session, "Access-Control-Allow-Methods"), HasSubstr("PATCH, DELETE"));
}

TEST_F(ControlTest, trickled_candidates_are_taken_when_they_name_the_ice_session) {
  const auto location = header(publish("stage"), "Location");
  const auto create = core.last<std::unique_ptr<media::CreatePeer>>();
  const auto& remote = (*create)->transport.remote;
  const auto same = fmt::format("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", remote.ufrag, remote.password);
  const auto taken = ask(patch_request(location, moderator, "\"ice-1\"", same));
  EXPECT_EQ(taken.status, 204);
  EXPECT_EQ(header(taken, "ETag"), "");
  EXPECT_EQ(ask(patch_request(location, moderator, "", same)).status, 428);
  EXPECT_EQ(ask(patch_request(location, moderator, "\"ice-2\"", same)).status, 412);
  EXPECT_EQ(ask(patch_request(location, moderator, "W/\"ice-1\"", same)).status, 412) << "strong comparison";
  EXPECT_EQ(core.count<media::RestartIce>(), 0u);
}

TEST_F(ControlTest, new_credentials_restart_ice_and_change_the_etag) {
  const auto location = header(publish("stage"), "Location");
  const auto restarted = ask(patch_request(location, moderator, "*", kTrickle));
  ASSERT_EQ(restarted.status, 200) << restarted.body;
  EXPECT_EQ(header(restarted, "ETag"), "\"ice-2\"");
  EXPECT_EQ(header(restarted, "Content-Type"), "application/trickle-ice-sdpfrag");
  const auto* command = core.last<media::RestartIce>();
  ASSERT_TRUE(command);
  EXPECT_EQ(command->remote.ufrag, "EsAw");
  EXPECT_THAT(restarted.body, HasSubstr("a=ice-ufrag:" + command->local.ufrag));
  EXPECT_THAT(restarted.body, HasSubstr("192.0.2.7 9000"));
  EXPECT_EQ(ask(patch_request(location, moderator, "\"ice-1\"", kTrickle)).status, 412)
      << "the old ICE session is gone";
  EXPECT_EQ(ask(patch_request(location, moderator, "\"ice-2\"", kTrickle)).status, 204) << "the same credentials again";
  EXPECT_EQ(
      ask(patch_request(location, moderator, "\"*\"", "a=ice-ufrag:third\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"))
          .status,
      200);
}

TEST_F(ControlTest, a_session_that_ends_during_a_restart_is_gone_for_its_client) {
  const auto location = header(publish("stage"), "Location");
  core.willing = false;
  EXPECT_FALSE(try_ask(patch_request(location, moderator, "*", kTrickle)));
  core.say(media::PeerClosed{core.last<media::RestartIce>()->peer, session::CloseReason::consent_lost});
  control->handle_events(at(now));
  EXPECT_EQ(control->poll_answer()->response.status, 404);
  EXPECT_EQ(ask(patch_request(location, moderator, "*", kTrickle)).status, 404);
}

TEST_F(ControlTest, delete_ends_a_session_once) {
  const auto location = header(publish("stage"), "Location");
  EXPECT_EQ(ask(request("DELETE", location, moderator)).status, 200);
  EXPECT_EQ(core.count<media::ClosePeer>(), 1u);
  EXPECT_EQ(ask(request("DELETE", location, moderator)).status, 404);
  EXPECT_EQ(core.count<media::ClosePeer>(), 1u);
}

TEST_F(ControlTest, a_sessions_address_serves_its_maker_and_moderators_only) {
  ASSERT_EQ(publish("stage").status, 201);
  const auto location =
      header(ask(request("POST", "/whep/demo/stage", viewer, "application/sdp", sdp("chromium_viewer"))), "Location");
  EXPECT_EQ(ask(request("DELETE", location)).status, 401);
  EXPECT_EQ(ask(request("DELETE", location, token("viewer", "someone-else"))).status, 403);
  EXPECT_EQ(ask(request("DELETE", location, token("moderator", "m", "other"))).status, 403);
  auto elsewhere = location;
  elsewhere.replace(elsewhere.find("stage"), 5, "stale");
  EXPECT_EQ(ask(request("DELETE", elsewhere, viewer)).status, 404);
  EXPECT_EQ(ask(request("DELETE", location, moderator)).status, 200);
}

TEST_F(ControlTest, a_live_name_is_refused_to_others_and_replaced_by_its_owner) {
  const auto site = token("site", "site-1");
  const auto first = ask(publish_request("site-1", moderator));
  ASSERT_EQ(first.status, 201);
  const auto taken = ask(publish_request("site-1", site));
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(problem(taken)["field"], "publication");
  EXPECT_EQ(header(taken, "Retry-After"), "");
  ASSERT_EQ(publish("site-1").status, 201);
  EXPECT_EQ(ask(request("DELETE", header(first, "Location"), moderator)).status, 404) << "the older session was closed";
}

struct Refused {
  const char* what;
  unsigned status;
  const char* kind;
  const char* field;
};

TEST_F(ControlTest, every_refusal_says_what_is_wrong) {
  const auto good = sdp("chromium_publisher");
  const auto expired = key.sign(
      {.conference = "demo", .role = "moderator", .subject = "mod", .issued_at = kWall - 2h, .expires_at = kWall - 1h});
  const crypto::TokenKey other_key{std::array<std::uint8_t, 32>{9}};
  const auto forged = other_key.sign(
      {.conference = "demo", .role = "moderator", .subject = "mod", .issued_at = kWall, .expires_at = kWall + 1h});
  auto changed = moderator;
  changed.back() = changed.back() == 'A' ? 'B' : 'A';
  const auto post = [&](const std::string& path, const std::string& bearer, const std::string& type, std::string body) {
    return request("POST", path, bearer, type, std::move(body));
  };
  const std::string type = "application/sdp";
  auto basic = post("/whip/demo/stage", "", type, good);
  basic.headers.add("Authorization", "Basic dTpw");
  auto wrong_host = post("/whip/demo/stage", moderator, type, good);
  wrong_host.headers.set("Host", "evil.example:8080");
  auto no_host = Request{.method = "GET", .target = "/"};
  auto two_hosts = request("GET", "/");
  two_hosts.headers.add("Host", "evil.example");

  const std::vector<std::pair<Request, Refused>> table{
      {post("/whip/demo/stage", "", type, good), {"no token", 401, "token-missing", "Authorization"}},
      {basic, {"another scheme", 401, "token-missing", "Authorization"}},
      {post("/whip/demo/stage", expired, type, good), {"expired", 401, "token-expired", "Authorization"}},
      {post("/whip/demo/stage", forged, type, good), {"another key", 401, "token-invalid", "Authorization"}},
      {post("/whip/demo/stage", changed, type, good), {"changed signature", 401, "token-invalid", "Authorization"}},
      {post("/whip/demo/stage", "x.y", type, good), {"no JWT", 401, "token-invalid", "Authorization"}},
      {post("/whip/demo/stage", token("king", "me"), type, good),
       {"unknown role", 401, "token-invalid", "Authorization"}},
      {post("/whip/demo/stage", viewer, type, good), {"viewer publishes", 403, "may-not-publish", "publication"}},
      {post("/whip/demo/stage", token("site", "site-1"), type, good),
       {"another's name", 403, "may-not-publish", "publication"}},
      {post("/whip/other/stage", moderator, type, good),
       {"another conference", 403, "other-conference", "Authorization"}},
      {post("/whip/nowhere/stage", moderator, type, good),
       {"no such conference", 404, "unknown-conference", "conference"}},
      {post("/whep/demo/stage", viewer, type, sdp("chromium_viewer")), {"not live", 409, "not-live", "publication"}},
      {post("/whip/demo/a%20b", moderator, type, good), {"bad name", 400, "bad-name", "publication"}},
      {post("/whip/demo/stage", moderator, "text/plain", good), {"wrong type", 415, "content-type", "Content-Type"}},
      {post("/whip/demo/stage", moderator, "", good), {"no type", 415, "content-type", "Content-Type"}},
      {post("/whip/demo/stage", moderator, type, ""), {"empty offer", 400, "sdp-malformed", nullptr}},
      {post("/whip/demo/stage", moderator, type, "hello"), {"no SDP", 400, "sdp-malformed", nullptr}},
      {post("/whip/demo/stage", moderator, type, without_lines(good, "a=fingerprint")),
       {"no fingerprint", 400, "sdp-no-fingerprint", nullptr}},
      {post("/whip/demo/stage", moderator, type, without_lines(good, "a=group")),
       {"no BUNDLE", 400, "sdp-no-bundle", nullptr}},
      {post("/whip/demo/stage", moderator, type, without_lines(good, "a=ice-pwd")),
       {"no password", 400, "sdp-no-ice", nullptr}},
      {post("/whip/demo/stage", moderator, type, without_lines(good, "a=rtpmap")),
       {"no codec", 406, "no-common-codec", nullptr}},
      {post("/whip/demo/stage", moderator, type, sdp("chromium_viewer")),
       {"sends nothing", 406, "no-usable-media", nullptr}},
      {post("/whip/demo/stage", "", type, std::string(Control::kMaxBody + 1, 'x')),
       {"a stranger's long offer", 413, "too-large", nullptr}},
      {post("/whip/demo/stage", moderator, type, std::string(Control::kMaxOffer + 1, 'x')),
       {"too large", 413, "too-large", nullptr}},
      {request("PUT", "/whip/demo/stage", moderator), {"PUT", 405, "method-not-allowed", nullptr}},
      {request("PATCH", "/whip/demo/stage", moderator), {"PATCH of an endpoint", 405, "method-not-allowed", nullptr}},
      {request("POST", "/whip/demo/stage/0123", moderator), {"POST to a session", 405, "method-not-allowed", nullptr}},
      {request("PATCH", "/whip/demo/stage/0123", moderator, "application/sdp"),
       {"PATCH type", 415, "content-type", "Content-Type"}},
      {request("DELETE", "/whip/demo/stage/0123", moderator), {"no such session", 404, "unknown-session", nullptr}},
      {request("POST", "/whip/demo", moderator, type, good), {"no publication", 405, "method-not-allowed", nullptr}},
      {request("GET", "/whip/demo/%zz"), {"bad escape", 400, "bad-target", nullptr}},
      {request("GET", "http://localhost/"), {"absolute form", 400, "bad-target", nullptr}},
      {request("POST", "/", moderator), {"POST of a page", 405, "method-not-allowed", nullptr}},
      {request("GET", "/nothing"), {"no such file", 404, "not-found", nullptr}},
      {request("GET", "/../signing.key"), {"traversal", 404, "not-found", nullptr}},
      {request("GET", "/assets/..%2f..%2fetc%2fpasswd"), {"escaped traversal", 404, "not-found", nullptr}},
      {wrong_host, {"DNS rebinding", 421, "wrong-host", "Host"}},
      {no_host, {"no Host", 400, "bad-host", "Host"}},
      {two_hosts, {"two Hosts", 400, "bad-host", "Host"}},
  };
  for (const auto& [r, expected] : table) {
    SCOPED_TRACE(expected.what);
    const auto response = ask(r);
    EXPECT_EQ(response.status, expected.status) << response.body;
    const auto json = problem(response);
    EXPECT_EQ(json["type"], fmt::format("urn:bridgehall:problem:{}", expected.kind));
    if (expected.field) {
      EXPECT_EQ(json["field"], expected.field);
    }
    if (response.status == 401) {
      EXPECT_THAT(header(response, "WWW-Authenticate"), testing::StartsWith("Bearer"));
    }
    if (response.status == 405) {
      EXPECT_NE(header(response, "Allow"), "");
    }
    if (std::string_view(expected.kind).starts_with("sdp-") || response.status == 401 || response.status == 403) {
      EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "*");
    }
  }
  EXPECT_EQ(core.commands.size(), 0u) << "nothing of this reached the media core";
}

TEST_F(ControlTest, a_publication_that_is_not_live_asks_to_be_tried_again) {
  const auto response = ask(request("POST", "/whep/demo/stage", viewer, "application/sdp", sdp("chromium_viewer")));
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(header(response, "Retry-After"), "2");
}

TEST_F(ControlTest, a_viewer_without_the_publications_codec_is_refused) {
  ASSERT_EQ(publish("stage").status, 201);
  auto offer = sdp("chromium_viewer");
  for (const std::string name : {"VP8/90000", "opus/48000"})
    for (auto at = offer.find(name); at != std::string::npos; at = offer.find(name)) offer.replace(at, 3, "xyz");
  const auto response = ask(request("POST", "/whep/demo/stage", viewer, "application/sdp", offer));
  EXPECT_EQ(response.status, 406) << response.body;
}

TEST_F(ControlTest, endpoints_have_nothing_to_get) {
  EXPECT_EQ(ask(request("GET", "/whip/demo/stage")).status, 204);
  EXPECT_EQ(ask(request("HEAD", "/whep/demo/stage/0123")).status, 204);
}

TEST_F(ControlTest, a_conference_that_is_full_says_so) {
  restart({.publications = 1, .sessions = 1});
  ASSERT_EQ(publish("stage").status, 201);
  EXPECT_EQ(publish("slides").status, 503);
  const auto viewing = ask(request("POST", "/whep/demo/stage", viewer, "application/sdp", sdp("chromium_viewer")));
  EXPECT_EQ(viewing.status, 503);
  EXPECT_NE(header(viewing, "Retry-After"), "");
  EXPECT_EQ(publish("stage").status, 201) << "in place of its own older session";
}

// -- publications --

TEST_F(ControlTest, publications_are_listed_and_a_moderator_opens_them) {
  const auto site = token("site", "site-1");
  ASSERT_EQ(ask(publish_request("site-1", site)).status, 201);
  const std::string all = "/api/conferences/demo/publications";
  const auto list = nlohmann::json::parse(ask(request("GET", all, viewer)).body);
  ASSERT_EQ(list["publications"].size(), 1u);
  const auto& entry = list["publications"][0];
  EXPECT_EQ(entry["name"], "site-1");
  EXPECT_EQ(entry["open"], false);
  EXPECT_EQ(entry["live"], true);
  EXPECT_EQ(entry["tracks"][0]["codec"], "opus");
  EXPECT_EQ(entry["tracks"][1]["kind"], "video");

  EXPECT_EQ(ask(request("PATCH", all + "/site-1", site, "application/json", R"({"open":true})")).status, 403);
  EXPECT_EQ(core.count<media::SetGate>(), 0u);
  const auto opened = ask(request("PATCH", all + "/site-1", moderator, "application/json", R"({"open":true})"));
  EXPECT_EQ(opened.status, 200);
  EXPECT_EQ(nlohmann::json::parse(opened.body)["open"], true);
  EXPECT_EQ(core.count<media::SetGate>(), 2u);
  EXPECT_TRUE(core.last<media::SetGate>()->open);
}

TEST_F(ControlTest, wrong_changes_of_a_publication_are_refused_in_words) {
  ASSERT_EQ(publish("stage").status, 201);
  const std::string one = "/api/conferences/demo/publications/stage";
  const auto change = [&](const std::string& body) {
    return ask(request("PATCH", one, moderator, "application/json", body));
  };
  EXPECT_EQ(problem(change("{"))["type"], "urn:bridgehall:problem:json-malformed");
  EXPECT_EQ(change("[]").status, 400);
  EXPECT_EQ(problem(change(R"({"opne":true})"))["field"], "opne");
  EXPECT_EQ(problem(change(R"({"open":1})"))["field"], "open");
  EXPECT_EQ(change("{}").status, 400);
  EXPECT_EQ(ask(request("PATCH", one, moderator, "text/plain", "{}")).status, 415);
  EXPECT_EQ(ask(request("PATCH", one, "", "application/json", "{}")).status, 401);
  EXPECT_EQ(ask(request("DELETE", one, moderator)).status, 405);
  EXPECT_EQ(ask(request("PATCH", one + "s", moderator, "application/json", R"({"open":true})")).status, 404);
  EXPECT_EQ(ask(request("GET", "/api/conferences/nowhere/publications", moderator)).status, 404);
  EXPECT_EQ(ask(request("GET", "/api/conferences/other/publications", moderator)).status, 403);
}

// -- monitoring and files --

TEST_F(ControlTest, metrics_tell_of_media_http_and_process) {
  ask(request("GET", "/nothing"));
  const auto response = ask(request("GET", "/metrics"));
  ASSERT_EQ(response.status, 200);
  EXPECT_THAT(header(response, "Content-Type"), testing::StartsWith("text/plain; version=0.0.4"));
  for (const auto* line :
       {"bridgehall_media_core_up 1", "bridgehall_rtp_packets_forwarded_total 1234",
        "bridgehall_drops_total{reason=\"gate_closed\"} 5", "bridgehall_train_datagrams_bucket{le=\"8\"} 3",
        "bridgehall_train_datagrams_bucket{le=\"4\"} 0", "bridgehall_train_datagrams_sum 24",
        "bridgehall_http_requests_total{route=\"static\",status=\"404\"} 1", "process_resident_memory_bytes"})
    EXPECT_THAT(response.body, HasSubstr(line));
}

TEST_F(ControlTest, metrics_are_for_this_machine_and_addresses_are_names_over_tls_only) {
  auto asked = request("GET", "/metrics");
  asked.headers.set("Host", "192.0.2.7:8443");
  asked.peer = {IpAddress::v4(192, 0, 2, 99), 50'000};
  EXPECT_EQ(ask(asked).status, 421);
  asked.secure = true;
  EXPECT_EQ(ask(asked).status, 403);
  asked.target = "/healthz";
  EXPECT_EQ(ask(asked).status, 200);
  asked.target = "/metrics";
  asked.peer.ip = IpAddress::v4(127, 0, 0, 1);
  EXPECT_EQ(ask(asked).status, 200);
  asked.headers.set("Host", "evil.example");
  EXPECT_EQ(ask(asked).status, 421);
}

TEST_F(ControlTest, metrics_without_the_media_core_leave_its_figures_out) {
  core.willing = false;
  EXPECT_FALSE(try_ask(request("GET", "/metrics")));
  control->handle_timeout(at(now + Control::kCountersTimeout));
  const auto answer = control->poll_answer();
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->response.body, HasSubstr("bridgehall_media_core_up 0"));
  EXPECT_THAT(answer->response.body, Not(HasSubstr("rtp_packets")));
}

TEST_F(ControlTest, draining_refuses_new_sessions_closes_the_old_and_is_not_ready) {
  const auto location = header(publish("stage"), "Location");
  EXPECT_EQ(ask(request("GET", "/readyz")).status, 200);
  EXPECT_FALSE(control->drained());
  control->drain(at(now));
  EXPECT_FALSE(control->drained());
  control->handle_events(at(now));
  EXPECT_TRUE(control->drained());
  EXPECT_EQ(core.count<media::ClosePeer>(), 1u);
  EXPECT_EQ(ask(request("GET", "/readyz")).status, 503);
  EXPECT_EQ(ask(request("GET", "/healthz")).status, 200);
  const auto refused = publish("stage");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(header(refused, "Retry-After"), "");
  EXPECT_EQ(ask(request("DELETE", location, moderator)).status, 404);
}

TEST_F(ControlTest, the_page_comes_with_its_security_headers_and_its_scripts_are_cached_for_good) {
  const auto page = ask(request("GET", "/?x=1"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content(), "<!doctype html>");
  EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
  EXPECT_THAT(header(page, "Content-Security-Policy"), HasSubstr("connect-src 'self'"));
  EXPECT_THAT(header(page, "Permissions-Policy"), HasSubstr("camera=(self), microphone=(self)"));
  EXPECT_EQ(header(page, "X-Content-Type-Options"), "nosniff");
  auto again = request("GET", "/index.html");
  again.headers.add("If-None-Match", "\"x\", W/" + header(page, "ETag"));
  const auto unchanged = ask(again);
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_TRUE(unchanged.content().empty());
  const auto script = ask(request("GET", "/assets/index-a1b2c3d4.js"));
  EXPECT_EQ(header(script, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_THAT(header(script, "Cache-Control"), HasSubstr("immutable"));
}

TEST_F(ControlTest, a_configured_name_is_served_in_any_case) {
  auto r = request("GET", "/");
  r.headers.set("Host", "Bridge.Example.ORG");
  EXPECT_EQ(ask(r).status, 200);
  r.headers.set("Host", "[::1]:8080");
  EXPECT_EQ(ask(r).status, 200);
}

}  // namespace
}  // namespace bridgehall::web

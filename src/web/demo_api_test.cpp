#include "web/demo_api.h"

#include "web/control_testing.h"

namespace bridgehall::web {
namespace {

class DemoTest : public ControlFixture {
 protected:
  DemoTest() {
    demo = "demo";
    conference::Roster roster{.id = "demo", .title = "Hội nghị"};
    roster.seats.push_back({.id = "hall", .name = "Hội trường", .role = conference::Role::hall, .invitation = "aa"});
    roster.seats.push_back({.id = "mod", .name = "Mod", .role = conference::Role::moderator, .invitation = "bb"});
    roster.seats.push_back({.id = "nobody", .name = "No link", .role = conference::Role::site});
    roster.seats.push_back({.id = "screen", .name = "Màn chiếu", .role = conference::Role::viewer, .invitation = "cc"});
    restart({}, {roster, {.id = "other"}});
  }

  Request asking() { return request("GET", "/api/demo"); }
};

TEST_F(DemoTest, this_machine_is_told_the_links) {
  const auto response = ask(asking());
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(header(response, "Content-Type"), "application/json");
  EXPECT_EQ(header(response, "Cache-Control"), "no-store");
  EXPECT_EQ(nlohmann::json::parse(response.body), nlohmann::json::parse(R"({
    "conference": {"id": "demo", "title": "Hội nghị"},
    "links": [
      {"seat": "hall", "name": "Hội trường", "role": "hall", "fragment": "#invitation=aa"},
      {"seat": "mod", "name": "Mod", "role": "moderator", "fragment": "#invitation=bb"},
      {"seat": "screen", "name": "Màn chiếu", "role": "viewer", "fragment": "#invitation=cc&view=wall"}]})"));
}

TEST_F(DemoTest, a_link_that_was_renewed_is_told_as_it_is_now) {
  const auto renewed = ask(request("POST", "/api/conferences/demo/seats/hall/invitation", token("moderator", "admin")));
  ASSERT_EQ(renewed.status, 201) << renewed.body;
  const auto now = nlohmann::json::parse(renewed.body)["invitation"].get<std::string>();
  EXPECT_EQ(nlohmann::json::parse(ask(asking()).body)["links"][0]["fragment"], "#invitation=" + now);
}

TEST_F(DemoTest, nobody_else_is_told) {
  auto elsewhere = asking();
  elsewhere.peer.ip = *IpAddress::parse("192.0.2.9");
  auto by_name = asking();
  by_name.headers.set("Host", "bridge.example.org");
  std::vector<Request> others{elsewhere, by_name};
  for (const auto* field : {"Forwarded", "X-Forwarded-For", "Via"}) {
    others.push_back(asking());
    others.back().headers.add(field, "192.0.2.9");
  }
  for (const auto& other : others) EXPECT_EQ(problem(ask(other))["status"], 404);
  EXPECT_EQ(ask(request("POST", "/api/demo")).status, 405);
}

TEST_F(DemoTest, a_server_that_is_no_demo_has_nothing_there) {
  demo.clear();
  restart();
  EXPECT_EQ(problem(ask(asking()))["type"], "urn:bridgehall:problem:not-found");
}

}  // namespace
}  // namespace bridgehall::web

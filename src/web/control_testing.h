// What tests of the control plane share: a Control without sockets, a media core of our own, requests and tokens.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "web/control.h"
#include "web/fake_media_core.h"

namespace bridgehall::web {

inline std::string sdp(const std::string& name) {
  std::ifstream file("src/session/testdata/" + name + ".sdp", std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline const auto kWall = crypto::UnixTime{std::chrono::seconds{1'800'000'000}};

class ControlFixture : public testing::Test {
 protected:
  ControlFixture() { restart(); }

  // A server that has just been started; what there was before is forgotten.
  void restart(conference::DirectoryLimits limits = {},
               std::vector<conference::Roster> rosters = {{.id = "demo"}, {.id = "other"}}) {
    ControlSettings settings;
    settings.names = {"bridge.example.org"};
    settings.conferences = std::move(rosters);
    settings.save_roster = [this](const conference::Roster& roster) -> Result<void> {
      if (disk_full) return fail("The disk is full.");
      saved = roster;
      return {};
    };
    settings.demo = demo;
    settings.limits = limits;
    settings.fingerprint = {"sha-256", std::vector<std::uint8_t>(32, 0xab)};
    settings.media_port = 9000;
    settings.ice_servers = ice_servers;
    settings.diagnose = diagnose;
    settings.back_up = back_up;
    settings.journal = journal;
    StaticFiles files;
    files.add("index.html", "<!doctype html>");
    files.add("assets/index-a1b2c3d4.js", "export {}");
    control.emplace(settings, key, std::move(files), random, core);
    control->set_addresses(
        {*IpAddress::parse("192.0.2.7"), *IpAddress::parse("127.0.0.1"), *IpAddress::parse("2001:db8::7")});
    control->handle_timeout(at(now));  // the conferences' rooms
    core.commands.clear();
  }

  std::string token(const std::string& role, const std::string& subject, const std::string& conference = "demo") {
    return key.sign({.conference = conference,
                     .role = role,
                     .subject = subject,
                     .issued_at = kWall,
                     .expires_at = kWall + std::chrono::hours{1}});
  }
  static Instant at(TimePoint time) { return {time, kWall}; }
  static Request request(const std::string& method, const std::string& target, const std::string& bearer = {},
                         const std::string& type = {}, std::string body = {}) {
    Request result{
        .method = method, .target = target, .body = std::move(body), .peer = {IpAddress::v4(127, 0, 0, 1), 50000}};
    result.headers.add("Host", "localhost:8080");
    if (!bearer.empty()) result.headers.add("Authorization", "Bearer " + bearer);
    if (!type.empty()) result.headers.add("Content-Type", type);
    return result;
  }
  // Goes in, and the media core's events with it; the answer if there is one by then.
  std::optional<Response> try_ask(const Request& r) {
    control->submit(++ticket, r, at(now));
    control->handle_events(at(now));
    std::optional<Response> own;
    while (auto answer = control->poll_answer())
      if (answer->ticket == ticket) own = std::move(answer->response);
    return own;
  }
  Response ask(const Request& r) {
    auto response = try_ask(r);
    EXPECT_TRUE(response) << r.method << ' ' << r.target;
    return response.value_or(Response{.status = 0});
  }
  static std::string header(const Response& response, std::string_view name) {
    return std::string(response.headers.find(name).value_or(""));
  }
  static nlohmann::json problem(const Response& response) {
    EXPECT_EQ(header(response, "Content-Type"), "application/problem+json");
    auto json = nlohmann::json::parse(response.body, nullptr, false);
    EXPECT_EQ(json["status"], response.status);
    EXPECT_THAT(json["type"].get<std::string>(), testing::StartsWith("urn:bridgehall:problem:"));
    EXPECT_FALSE(json["title"].get<std::string>().empty());
    EXPECT_THAT(json["detail"].get<std::string>(), testing::EndsWith("."));
    return json;
  }

  SeededRandom random{11};
  crypto::TokenKey key{std::array<std::uint8_t, 32>{1, 2, 3}};
  FakeMediaCore core;
  std::string demo;  // before restart()
  bool disk_full = false;
  conference::Journal* journal = nullptr;  // before restart()
  Diagnose diagnose;
  BackUp back_up;
  IceServerSettings ice_servers{.fixed = {{"stun:stun.example.org", {}, {}}}};  // before restart()
  std::optional<conference::Roster> saved;
  std::optional<Control> control;
  Ticket ticket = 0;
  TimePoint now = TimePoint{} + 1h;
};

}  // namespace bridgehall::web

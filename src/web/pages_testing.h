// What tests of pages share: a conference with seats of several roles, pages that say hello and join, and what they are
// told.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "web/control_testing.h"
#include "web/page_testing.h"

namespace bridgehall::web {

using Messages = std::vector<messages::ServerMessage>;

template <class Kind>
const Kind* find(const Messages& all) {
  for (const auto& message : all)
    if (const auto* found = std::get_if<Kind>(&message)) return found;
  return nullptr;
}
template <class Kind>
std::size_t count(const Messages& all) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const auto& m) { return std::holds_alternative<Kind>(m); }));
}
// What kinds there are, in order.
inline std::vector<std::string_view> kinds(const Messages& all) {
  std::vector<std::string_view> types;
  for (const auto& message : all)
    types.push_back(std::visit([](const auto& m) -> std::string_view { return m.kType; }, message));
  return types;
}
inline std::optional<messages::RefusalCode> refusal(const Messages& all) {
  const auto* refused = find<messages::Refused>(all);
  return refused ? std::optional(refused->code) : std::nullopt;
}
inline std::optional<messages::ByeCode> bye(const Messages& all) {
  const auto* said = find<messages::Bye>(all);
  return said ? std::optional(said->code) : std::nullopt;
}

class PagesTest : public ControlFixture {
 protected:
  PagesTest() { restart_server(); }

  void restart_server() {
    conference::Roster roster{.id = "demo", .title = "Demo", .stage = "hall"};
    using conference::Role;
    const std::pair<const char*, Role> seats[] = {{"hall", Role::hall},     {"chair", Role::chair},
                                                  {"mod", Role::moderator}, {"a", Role::site},
                                                  {"b", Role::site},        {"guest", Role::viewer}};
    for (const auto& [id, role] : seats)
      roster.seats.push_back({.id = id, .name = id, .role = role, .invitation = std::string("link-") + id});
    restart({}, {roster, {.id = "other"}});
  }

  Instant moment() const { return at(now); }
  TestPage open(const std::string& conference = "demo") {
    const LinkId link{++links};
    EXPECT_FALSE(control->open_link(link, conference, request("GET", "/"), moment()));
    return {*control, link};
  }
  std::string seat_token(const std::string& seat, std::uint32_t serial = 1) {
    return key.sign({.conference = "demo",
                     .role = "viewer",  // what it is, the roster says
                     .subject = seat,
                     .serial = serial,
                     .issued_at = kWall,
                     .expires_at = kWall + std::chrono::minutes{10}});
  }
  messages::Hello hello(const std::string& seat, std::optional<messages::Resume> resume = {}) {
    return {.version = messages::kVersion, .token = seat_token(seat), .resume = std::move(resume)};
  }
  TestPage greeted(const std::string& seat) {
    auto page = open();
    page.say(hello(seat), moment());
    EXPECT_FALSE(refusal(page.read(moment())));
    EXPECT_EQ(page.seat, seat);
    return page;
  }
  Messages said(TestPage& page, const messages::ClientMessage& message) {
    page.say(message, moment());
    control->handle_events(moment());
    return page.read(moment());
  }
  Messages join(TestPage& page, bool sends = true) {
    return said(page, join_message(sdp("chromium_participant"), ++ids, sends));
  }
  TestPage seated(const std::string& seat) {
    auto page = greeted(seat);
    EXPECT_TRUE(find<messages::Answer>(join(page)));
    return page;
  }
  // What the page knows is what a new one of its seat is told. The page itself is sent away by it.
  void expect_in_step(TestPage& page) {
    page.read(moment());
    const auto fresh = greeted(page.seat);
    EXPECT_TRUE(page.mirror.equals(fresh.mirror.conference)) << page.seat;
  }
  const messages::Seat& seen(const TestPage& page, const std::string& seat) {
    return *std::find_if(page.mirror.conference.seats.begin(), page.mirror.conference.seats.end(),
                         [&](const auto& s) { return s.id == seat; });
  }

  std::uint64_t links = 0;
  std::uint32_t ids = 100;
};

}  // namespace bridgehall::web

// Any requests of somebody who has no valid token, several after each other: each has one answer, which is short and a
// refusal wherever anything is asked for; no link is told; nothing reaches the media core but a look at its counters;
// conferences stay as they are. A request is written as in HTTP, line by line; a zero octet ends it.
#include <cstdint>
#include <string>
#include <string_view>

#include <spdlog/spdlog.h>

#include "base/check.h"
#include "web/control.h"
#include "web/fake_media_core.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::web;

constexpr std::size_t kMaxRefusal = 4 * 1024;

std::string_view take_until(std::string_view& rest, std::string_view end) {
  const auto at = rest.find(end);
  const auto taken = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + end.size());
  return taken;
}

Request parse(std::string_view text) {
  Request request{.peer = {IpAddress::v4(198, 51, 100, 7), 40'000}};
  auto head = take_until(text, "\n\n");
  auto line = take_until(head, "\n");
  request.method = std::string(take_until(line, " "));
  request.target = std::string(line);
  while (!head.empty()) {
    auto field = take_until(head, "\n");
    const auto name = take_until(field, ":");
    request.headers.add(std::string(name), std::string(field));
  }
  request.body = std::string(text);
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  SeededRandom random(1);
  const crypto::TokenKey key{{1, 2, 3}};
  FakeMediaCore core;
  StaticFiles files;
  files.add("index.html", "<!doctype html>");
  conference::Roster roster{.id = "demo", .title = "Demo", .stage = "hall"};
  roster.seats.push_back(
      {.id = "hall", .name = "Hall", .role = conference::Role::hall, .invitation = "only-the-hall-knows", .serial = 1});
  Control control(
      {.conferences = {roster}, .demo = "demo", .fingerprint = {"sha-256", std::vector<std::uint8_t>(32, 1)}}, key,
      std::move(files), random, core);
  TimePoint now{1h};
  const auto instant = [&] { return Instant{now, crypto::UnixTime{std::chrono::seconds{1'800'000'000}}}; };
  control.handle_timeout(instant());
  core.commands.clear();
  const auto before = control.counts();

  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Ticket ticket = 0;
  for (int i = 0; i < 64 && !rest.empty(); ++i, now += 10ms) {
    const auto request = parse(take_until(rest, std::string_view("\0", 1)));
    control.submit(++ticket, request, instant());
    control.handle_events(instant());
    const auto answer = control.poll_answer();
    BRIDGEHALL_CHECK(answer && answer->ticket == ticket && !control.poll_answer());
    const auto& response = answer->response;
    BRIDGEHALL_CHECK(response.status >= 200 && response.status < 600);
    BRIDGEHALL_CHECK(response.status < 300 || response.content().size() <= kMaxRefusal);
    BRIDGEHALL_CHECK(response.status >= 300 ||
                     response.content().find("only-the-hall-knows") == std::string_view::npos);
    for (const auto& command : core.commands) BRIDGEHALL_CHECK(std::holds_alternative<media::ReadCounters>(command));
    const auto after = control.counts();
    BRIDGEHALL_CHECK(after.publications == before.publications &&
                     after.publishing + after.viewing + after.participating == 0);
  }
  return 0;
}

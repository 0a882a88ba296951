#include "web/websocket_links.h"

#include <atomic>
#include <deque>
#include <map>
#include <set>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web/fake_media_core.h"
#include "web/http_server.h"
#include "web/problem.h"

namespace bridgehall::web {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using testing::HasSubstr;
using testing::StartsWith;
using Client = websocket::stream<tcp::socket, true>;

// Does what it is told by the texts: "hello" greets, "say X" says X to everyone, "bye" ends the link after a last word,
// "flood" says long texts for ever; all others come back.
class FakeLinkHost final : public LinkHost {
 public:
  std::optional<Response> open_link(LinkId link, const std::string& conference, const Request&, Instant) override {
    if (conference != "demo") return make_problem({404, "unknown-conference", "There is none.", {}});
    links_[link];
    return std::nullopt;
  }
  void handle_message(LinkId link, std::string_view text, Instant) override {
    auto& state = links_.at(link);
    if (text.starts_with("say ")) {
      for (auto& [other, its] : links_) say(other, its, std::string(text.substr(4)));
      return;
    }
    if (text == "hello") state.greeted = true;
    if (text == "bye") state.end = LinkEnd{4001, std::string(200, 'x')};
    if (text == "flood") state.flood = true;
    say(link, state, text == "bye" ? "the last" : std::string(text));
  }
  bool greeted(LinkId link) const override { return links_.at(link).greeted; }
  std::optional<std::string> next_message(LinkId link, Instant) override {
    auto& state = links_.at(link);
    if (state.flood) return std::string(64 * 1024, 'f');
    if (state.texts.empty()) return std::nullopt;
    std::optional<std::string> next{std::move(state.texts.front())};
    state.texts.pop_front();
    return next;
  }
  std::optional<LinkEnd> end_of(LinkId link) const override { return links_.at(link).end; }
  void close_link(LinkId link, Instant) override {
    links_.erase(link);
    ++closed;
    closed.notify_all();
  }
  std::optional<LinkId> poll_ready() override {
    if (ready_.empty()) return std::nullopt;
    return ready_.extract(ready_.begin()).value();
  }

  std::atomic<int> closed = 0;

 private:
  struct State {
    bool greeted = false;
    bool flood = false;
    std::deque<std::string> texts;
    std::optional<LinkEnd> end;
  };
  void say(LinkId link, State& state, std::string text) {
    state.texts.push_back(std::move(text));
    ready_.insert(link);
  }
  std::map<LinkId, State> links_;
  std::set<LinkId> ready_;
};

class WebSocketLinksTest : public testing::Test {
 protected:
  WebSocketLinksTest() {
    ControlSettings settings;
    settings.conferences = {conference::Roster{
        .id = "demo", .seats = {{.id = "hall", .name = "Hall", .role = conference::Role::hall, .invitation = "one"}}}};
    control.emplace(settings, key, StaticFiles(), random, core);
  }
  ~WebSocketLinksTest() override {
    if (!thread.joinable()) return;
    server->stop();
    thread.join();
  }

  void start(LinkLimits limits = {}, HttpServerSettings settings = {}, LinkHost* other_host = nullptr) {
    settings.listen = {IpAddress::v4(127, 0, 0, 1), 0};
    settings.links = limits;
    auto listening = HttpServer::listen(settings, *control, core);
    ASSERT_TRUE(listening) << listening.error().message;
    server = std::move(*listening);
    server->accept_links(other_host ? *other_host : host);
    thread = std::thread([this] { server->run(); });
  }
  tcp::socket connect() {
    tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), server->port()});
    return socket;
  }
  std::unique_ptr<Client> open(bool compressing = false) {
    auto client = std::make_unique<Client>(connect());
    websocket::permessage_deflate options;
    options.client_enable = compressing;
    client->set_option(options);
    client->handshake("localhost", "/api/conferences/demo/signalling");
    return client;
  }
  std::unique_ptr<Client> open_greeted(bool compressing = false) {
    auto client = open(compressing);
    EXPECT_EQ(talk(*client, "hello"), "hello");
    return client;
  }
  static std::string receive(Client& client) {
    boost::beast::flat_buffer buffer;
    client.read(buffer);
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
  }
  static std::string talk(Client& client, std::string_view text) {
    client.write(asio::buffer(text));
    return receive(client);
  }
  // Reads until the server closes, and says with which code.
  static std::uint16_t closing_code(Client& client) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    while (!error) {
      buffer.clear();
      client.read(buffer, error);
    }
    EXPECT_EQ(error, websocket::error::closed) << error.message();
    return client.reason().code;
  }
  void await_closed(int count) {
    for (int seen = host.closed; seen < count; seen = host.closed) host.closed.wait(seen);
  }

  static std::string handshake(std::string_view target = "/api/conferences/demo/signalling",
                               std::string_view version = "13") {
    return fmt::format(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: {}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        target, version);
  }
  // A socket that speaks frames by hand.
  tcp::socket open_bare() {
    auto socket = connect();
    asio::write(socket, asio::buffer(handshake()));
    std::string head;
    asio::read_until(socket, asio::dynamic_buffer(head), "\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 101 ")) << head;
    EXPECT_THAT(head, HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) << "the key of RFC 6455 section 1.3";
    return socket;
  }
  static std::string read_octets(tcp::socket& socket, std::size_t count) {
    std::string octets(count, '\0');
    asio::read(socket, asio::buffer(octets));
    return octets;
  }
  std::string http(std::string_view request) {
    auto socket = connect();
    asio::write(socket, asio::buffer(request));
    std::string text;
    boost::system::error_code error;
    asio::read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n", error);
    return text;
  }
  std::string metrics() {
    auto socket = connect();
    asio::write(socket, asio::buffer(
                            std::string_view("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")));
    std::string text;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(text), error);
    return text;
  }

  const crypto::TokenKey key{{}};
  SeededRandom random{5};
  FakeMediaCore core;
  FakeLinkHost host;
  std::optional<Control> control;
  std::unique_ptr<HttpServer> server;
  std::thread thread;
  asio::io_context io;
};

TEST_F(WebSocketLinksTest, texts_go_both_ways_and_to_others) {
  start();
  const auto first = open_greeted();
  const auto second = open_greeted();
  EXPECT_EQ(talk(*first, "Hội nghị"), "Hội nghị");
  EXPECT_EQ(talk(*first, "say it"), "it");
  EXPECT_EQ(receive(*second), "it");
}

TEST_F(WebSocketLinksTest, a_text_in_fragments_is_one_text) {
  start();
  const auto client = open_greeted();
  client->write_some(false, asio::buffer("one ", 4));
  client->ping("between");
  client->write_some(false, asio::buffer("two ", 4));
  client->write_some(true, asio::buffer("three", 5));
  EXPECT_EQ(receive(*client), "one two three");
}

TEST_F(WebSocketLinksTest, refusals_come_as_http_before_there_is_a_link) {
  start();
  EXPECT_THAT(http(handshake("/api/conferences/other/signalling")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(http(handshake("/api/conferences/demo/signalling", "8")), StartsWith("HTTP/1.1 426 "));
  EXPECT_THAT(http(handshake() + "\x81"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(http("GET /api/conferences/demo/signalling HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              StartsWith("HTTP/1.1 426 "));
  EXPECT_THAT(http("GET /api/conferences/demo/signalling HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(http(handshake("/healthz")), StartsWith("HTTP/1.1 200 ")) << "elsewhere the wish may be ignored";
}

TEST_F(WebSocketLinksTest, texts_are_short_before_the_hello_and_long_after) {
  start();
  const auto stranger = open();
  EXPECT_EQ(talk(*stranger, std::string(LinkHost::kMaxBeforeHello, 'x')).size(), LinkHost::kMaxBeforeHello);
  stranger->write(asio::buffer(std::string(LinkHost::kMaxBeforeHello + 1, 'x')));
  EXPECT_EQ(closing_code(*stranger), 1009);
  const auto known = open_greeted();
  EXPECT_EQ(talk(*known, std::string(LinkHost::kMaxText, 'x')).size(), LinkHost::kMaxText);
  known->write(asio::buffer(std::string(LinkHost::kMaxText + 1, 'x')));
  EXPECT_EQ(closing_code(*known), 1009);
  await_closed(2);
}

// The first two octets of a frame as it goes over the wire (RFC 6455 section 5.2; RFC 7692 section 6).
constexpr std::uint8_t kText = 0x81, kCompressed = 0x40;

TEST_F(WebSocketLinksTest, long_texts_are_compressed_for_who_can_read_that) {
  start();
  const auto known = open_greeted(true);
  const std::string text(LinkHost::kMaxText, 'x');
  EXPECT_EQ(talk(*known, text), text);
  known->write(asio::buffer(text));
  std::array<std::uint8_t, 2> head{};
  asio::read(known->next_layer(), asio::buffer(head));
  EXPECT_EQ(head[0], kText | kCompressed);
  EXPECT_LE(head[1], 126) << "fits into 16 bits of length";

  const auto brief = open_greeted(true);
  brief->write(asio::buffer(std::string(200, 'x')));
  asio::read(brief->next_layer(), asio::buffer(head));
  EXPECT_EQ(head[0], kText) << "not worth it";

  const auto plain = open_greeted();
  plain->write(asio::buffer(text));
  asio::read(plain->next_layer(), asio::buffer(head));
  EXPECT_EQ(head[0], kText) << "never agreed upon";
}

TEST_F(WebSocketLinksTest, a_text_is_as_long_as_it_is_before_it_is_compressed) {
  start();
  const auto stranger = open(true);
  stranger->write(asio::buffer(std::string(1'000'000, 'x')));
  EXPECT_EQ(closing_code(*stranger), 1009);
  const auto known = open_greeted(true);
  known->write(asio::buffer(std::string(100'000'000, 'x')));  // 100 kB on the wire
  EXPECT_EQ(closing_code(*known), 1009);
  await_closed(2);
}

TEST_F(WebSocketLinksTest, what_is_no_utf_8_text_ends_the_link) {
  start();
  const auto binary = open_greeted();
  binary->binary(true);
  binary->write(asio::buffer("x", 1));
  EXPECT_EQ(closing_code(*binary), 1003);
  const auto broken = open_greeted();
  broken->write(asio::buffer("\xC3\x28", 2));
  EXPECT_EQ(closing_code(*broken), 1007);
  auto unmasked = open_bare();
  asio::write(unmasked, asio::buffer("\x81\x01x", 3));
  EXPECT_EQ(read_octets(unmasked, 4), "\x88\x02\x03\xEA") << "1002: a client's frames are masked";
  unmasked.close();
  await_closed(3);
  EXPECT_THAT(metrics(), HasSubstr("bridgehall_links_closed_total{cause=\"broken\"} 3"));
}

TEST_F(WebSocketLinksTest, who_never_says_hello_is_sent_away) {
  start({.hello_timeout = 50ms});
  const auto client = open();
  EXPECT_EQ(closing_code(*client), 1008);
  EXPECT_EQ(std::string(client->reason().reason.c_str()), "No hello came in time.");
}

TEST_F(WebSocketLinksTest, the_host_ends_a_link_after_its_last_word) {
  start();
  const auto client = open_greeted();
  EXPECT_EQ(talk(*client, "bye"), "the last");
  EXPECT_EQ(closing_code(*client), 4001);
  EXPECT_EQ(client->reason().reason.size(), 123u);
  await_closed(1);
  EXPECT_THAT(metrics(), HasSubstr("bridgehall_links_closed_total{cause=\"server\"} 1"));
}

TEST_F(WebSocketLinksTest, a_client_that_does_not_answer_the_closing_is_left) {
  start({.close_timeout = 50ms});
  auto socket = open_bare();
  asio::write(socket, asio::buffer("\x81\x83\x00\x00\x00\x00"
                                   "bye",
                                   9));
  EXPECT_EQ(read_octets(socket, 10), "\x81\x08the last");
  await_closed(1);
}

TEST_F(WebSocketLinksTest, a_client_that_goes_on_after_a_long_text_is_left) {
  start({.close_timeout = 50ms});
  auto socket = open_bare();
  asio::write(socket, asio::buffer("\x81\xFE\x20\x01\x00\x00\x00\x00", 8));
  asio::write(socket, asio::buffer(std::string(0x2001, 'x')));
  EXPECT_EQ(read_octets(socket, 4).substr(2), "\x03\xF1");
  await_closed(1);
}

TEST_F(WebSocketLinksTest, a_client_that_closes_is_answered_and_the_host_is_told) {
  start();
  const auto client = open_greeted();
  client->close(websocket::close_code::normal);
  await_closed(1);
  { const auto lost = open_greeted(); }
  await_closed(2);
  const auto text = metrics();
  EXPECT_THAT(text, HasSubstr("bridgehall_links_closed_total{cause=\"client\"} 1"));
  EXPECT_THAT(text, HasSubstr("bridgehall_links_closed_total{cause=\"lost\"} 1"));
  EXPECT_THAT(text, HasSubstr("bridgehall_links 0"));
}

TEST_F(WebSocketLinksTest, pings_keep_a_quiet_link) {
  start({.silence_timeout = 2s});
  auto socket = open_bare();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(read_octets(socket, 2), std::string("\x89\x00", 2));
    asio::write(socket, asio::buffer("\x8A\x80\x00\x00\x00\x00", 6));
  }
  EXPECT_EQ(host.closed, 0);
}

TEST_F(WebSocketLinksTest, a_half_open_link_is_given_up) {
  start({.silence_timeout = 50ms});
  auto socket = open_bare();
  await_closed(1);
  EXPECT_THAT(metrics(), HasSubstr("bridgehall_links_closed_total{cause=\"silent\"} 1"));
}

TEST_F(WebSocketLinksTest, a_client_that_does_not_read_is_left) {
  start({.write_timeout = 50ms});
  const auto client = open_greeted();
  client->write(asio::buffer("flood", 5));
  await_closed(1);
  EXPECT_THAT(metrics(), HasSubstr("bridgehall_links_closed_total{cause=\"slow\"} 1"));
}

TEST_F(WebSocketLinksTest, links_are_bounded_and_are_no_http_connections) {
  start({.links = 2}, {.max_connections = 2});
  const auto first = open_greeted();
  const auto second = open_greeted();
  EXPECT_THAT(http(handshake()), testing::AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After")));
  EXPECT_THAT(http("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(WebSocketLinksTest, of_links_without_a_hello_the_oldest_makes_room_for_the_next) {
  start({.not_greeted = 2});
  const auto first = open();
  const auto second = open();
  const auto third = open();
  await_closed(1);
  EXPECT_EQ(talk(*second, "hello"), "hello");
  EXPECT_EQ(talk(*third, "hello"), "hello");
}

TEST_F(WebSocketLinksTest, pages_that_say_hello_get_in_through_any_number_that_do_not) {
  start({.links = 8, .not_greeted = 4});
  std::vector<std::unique_ptr<Client>> pages, silent;
  for (int page = 0; page < 4; ++page) {
    for (int i = 0; i < 10; ++i) silent.push_back(open());
    pages.push_back(open_greeted());
  }
  for (const auto& page : pages) EXPECT_EQ(talk(*page, "still here"), "still here");
}

TEST_F(WebSocketLinksTest, links_are_counted) {
  start();
  const auto client = open_greeted();
  EXPECT_EQ(talk(*client, "more"), "more");
  const auto text = metrics();
  EXPECT_THAT(text, HasSubstr("bridgehall_links 1"));
  EXPECT_THAT(text, HasSubstr("bridgehall_link_texts_received_total 2"));
  EXPECT_THAT(text, HasSubstr("bridgehall_link_texts_sent_total 2"));
  EXPECT_THAT(text, HasSubstr("route=\"/api/conferences/{conference}/signalling\",status=\"101\"} 1"));
}

TEST_F(WebSocketLinksTest, draining_waits_for_the_links_to_end) {
  start({}, {.drain_timeout = 1h});
  const auto client = open_greeted();
  server->drain();
  EXPECT_EQ(talk(*client, "bye"), "the last");
  EXPECT_EQ(closing_code(*client), 4001);
  thread.join();
}

TEST_F(WebSocketLinksTest, a_page_is_welcomed_to_its_conference_and_told_when_the_server_stops) {
  start({}, {.drain_timeout = 1h}, &*control);
  EXPECT_THAT(http(handshake("/api/conferences/other/signalling")), StartsWith("HTTP/1.1 404 "));
  const auto client = open();
  const auto token = key.sign({.conference = "demo",
                               .role = "hall",
                               .subject = "hall",
                               .serial = 1,
                               .expires_at = crypto::UnixTime(std::chrono::seconds(4'000'000'000))});
  const auto welcome =
      talk(*client, messages::to_json(messages::ClientMessage(messages::Hello{.version = 1, .token = token})));
  EXPECT_THAT(welcome, StartsWith(R"({"type":"welcome","version":1,)"));
  EXPECT_THAT(receive(*client), StartsWith(R"({"type":"snapshot",)"));
  server->drain();
  std::string last;
  while (!last.starts_with(R"({"type":"bye")")) last = receive(*client);
  EXPECT_THAT(last, HasSubstr("draining"));
  EXPECT_EQ(closing_code(*client), 1012);
  thread.join();
}

TEST_F(WebSocketLinksTest, a_server_that_stops_closes_what_is_left) {
  start();
  const auto client = open_greeted();
  const auto stranger = open();
  server->stop();
  thread.join();
  server.reset();
  EXPECT_EQ(host.closed, 2);
}

}  // namespace
}  // namespace bridgehall::web

#include "web/http_server.h"

#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web/fake_media_core.h"

namespace bridgehall::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    StaticFiles files;
    files.add("index.html", "<!doctype html><title>x</title>");
    files.add("assets/large.js", std::string(kLarge, 'x'));
    ControlSettings settings;
    settings.conferences = {conference::Roster{.id = "demo"}};
    control.emplace(settings, key, std::move(files), random, core);
  }
  ~HttpServerTest() override { stop(); }

  void start(HttpServerSettings settings = {}) {
    settings.listen = {IpAddress::v4(127, 0, 0, 1), 0};
    auto listening = HttpServer::listen(settings, *control, core);
    ASSERT_TRUE(listening) << listening.error().message;
    server = std::move(*listening);
    thread = std::thread([this] { server->run(); });
  }
  void stop() {
    if (!thread.joinable()) return;
    server->stop();
    thread.join();
  }
  tcp::socket connect() {
    tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), server->port()});
    return socket;
  }
  static void send(tcp::socket& socket, std::string_view text) { asio::write(socket, asio::buffer(text)); }
  // Everything until the server closes. A reset shows as an error.
  static std::string receive_all(tcp::socket& socket) {
    std::string text;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(text), error);
    EXPECT_EQ(error, asio::error::eof) << error.message();
    return text;
  }
  std::string talk(std::string_view text) {
    auto socket = connect();
    send(socket, text);
    return receive_all(socket);
  }
  static std::size_t occurrences(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }

  static std::string receive_status(tcp::socket& socket) {
    std::string status(15, '\0');
    asio::read(socket, asio::buffer(status));
    return status;
  }
  static bool is_closed(tcp::socket& socket) {
    boost::system::error_code error;
    std::string rest;
    asio::read(socket, asio::dynamic_buffer(rest), error);
    return error == asio::error::eof || error == asio::error::connection_reset;
  }
  static std::string receive_all_or_reset(tcp::socket& socket) {
    boost::system::error_code error;
    std::string text;
    asio::read(socket, asio::dynamic_buffer(text), error);
    return text;
  }
  int open_descriptors() {
    const auto text = talk("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const auto at = text.find("\nprocess_open_fds ");
    EXPECT_NE(at, std::string::npos);
    return std::atoi(text.c_str() + at + 18);
  }
  std::string token() const {
    return key.sign({.conference = "demo",
                     .role = "moderator",
                     .subject = "mod",
                     .expires_at = crypto::UnixTime(std::chrono::seconds(4'000'000'000))});
  }

  static constexpr std::size_t kLarge = 32u << 20;
  const crypto::TokenKey key{{}};
  SeededRandom random{3};
  FakeMediaCore core;
  std::optional<Control> control;
  std::unique_ptr<HttpServer> server;
  std::thread thread;
  asio::io_context io;
};

TEST_F(HttpServerTest, pipelined_requests_are_answered_in_order_on_one_connection) {
  start();
  const auto text = talk(
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(occurrences(text, "HTTP/1.1 200 OK"), 3u) << text;
  EXPECT_LT(text.find("<!doctype"), text.find("ok\n"));
  EXPECT_LT(text.find("ok\n"), text.find("bridgehall_media_core_up 1"));
  EXPECT_LT(text.find("bridgehall_media_core_up 1"), text.find("HTTP/1.1 404 Not Found"));
  EXPECT_EQ(occurrences(text, "Connection: close"), 1u);
}

TEST_F(HttpServerTest, head_has_the_length_but_not_the_content) {
  start();
  const auto text = talk("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(text, HasSubstr("Content-Length: 31\r\n"));
  EXPECT_THAT(text, testing::EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, http_1_0_is_answered_and_closed) {
  start();
  const auto text = talk("GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(text, HasSubstr("Connection: close"));
}

TEST_F(HttpServerTest, a_megabyte_is_refused_with_an_answer_and_without_a_reset) {
  start();
  const std::string body(1'000'000, 'x');
  const auto announced = talk(
      "POST /whip/demo/stage HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\nContent-Length: "
      "1000000\r\n\r\n" +
      body);
  EXPECT_THAT(announced, StartsWith("HTTP/1.1 413 Content Too Large"));
  EXPECT_THAT(announced, HasSubstr("application/problem+json"));
  std::string chunked =
      "POST /whip/demo/stage HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\nTransfer-Encoding: "
      "chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) chunked += "2710\r\n" + body.substr(0, 10'000) + "\r\n";
  chunked += "0\r\n\r\n";
  EXPECT_THAT(talk(chunked), StartsWith("HTTP/1.1 413 Content Too Large"));
}

TEST_F(HttpServerTest, long_offers_are_read_of_token_holders_only) {
  start();
  const auto token = key.sign({.conference = "demo",
                               .role = "moderator",
                               .subject = "mod",
                               .expires_at = crypto::UnixTime(std::chrono::seconds(4'000'000'000))});
  const auto post = [&](std::string_view authorization, std::size_t size) {
    return talk(
        fmt::format("POST /whip/demo/stage HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\n{}"
                    "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                    authorization, size, std::string(size, 'x')));
  };
  const auto bearer = fmt::format("Authorization: Bearer {}\r\n", token);
  EXPECT_THAT(post(bearer, Control::kMaxOffer), HasSubstr("urn:bridgehall:problem:sdp-malformed"));
  EXPECT_THAT(post(bearer, Control::kMaxOffer + 1), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(post("", Control::kMaxBody), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(post("", Control::kMaxBody + 1), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(post("Authorization: Bearer nonsense\r\n", Control::kMaxBody + 1), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, a_client_that_asks_first_is_told_before_it_sends) {
  start();
  const auto refused = talk(
      "POST /whip/demo/stage HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 413"));
  auto socket = connect();
  send(socket,
       "POST /whip/demo/stage HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: "
       "close\r\n\r\n");
  std::string interim(25, '\0');
  asio::read(socket, asio::buffer(interim));
  EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
  send(socket, "hi");
  EXPECT_THAT(receive_all(socket), StartsWith("HTTP/1.1 415"));
}

TEST_F(HttpServerTest, what_is_not_http_gets_an_answer_too) {
  start();
  for (const auto* text :
       {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"})
    EXPECT_THAT(talk(text), StartsWith("HTTP/1.1 400 Bad Request")) << text;
  EXPECT_THAT(talk("GET / HTTP/3.7\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 505"));
  EXPECT_THAT(talk("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, a_head_without_end_is_refused) {
  start();
  EXPECT_THAT(talk("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'y')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(talk("GET /" + std::string(100'000, 'y')), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, slow_heads_and_bodies_are_ended_with_words) {
  start({.request_timeout = 50ms, .reception = {.first_bytes = 50ms}});
  EXPECT_THAT(talk("GET / HTTP/1.1\r\nHost: loc"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(talk("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123"), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(talk(""), "") << "a connection that never asks is closed without one";
}

TEST_F(HttpServerTest, connections_beyond_the_limit_are_told_so_when_all_others_are_known) {
  start({.max_connections = 1});
  auto first = connect();
  send(first, "GET /api/conferences/demo/publications HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token() +
                  "\r\n\r\n");
  EXPECT_EQ(receive_status(first), "HTTP/1.1 200 OK");
  EXPECT_THAT(talk("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, a_connection_that_has_waited_longest_makes_room_for_the_next) {
  start({.max_connections = 2});
  auto first = connect();
  send(first, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(receive_status(first), "HTTP/1.1 200 OK");
  auto second = connect();
  send(second, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(receive_status(second), "HTTP/1.1 200 OK");
  EXPECT_THAT(talk("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 OK"));
  EXPECT_TRUE(is_closed(first));
  send(second, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

TEST_F(HttpServerTest, slow_heads_that_fill_all_places_keep_nobody_out) {
  start({.max_connections = 16});
  std::vector<tcp::socket> slow;
  for (int i = 0; i < 16; ++i) {
    slow.push_back(connect());
    // In every phase: before a word, in the head, and in the body.
    if (i % 3 == 1) send(slow.back(), "GET / HTTP/1.1\r\nHost: loc");
    if (i % 3 == 2) send(slow.back(), "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123");
  }
  for (int i = 0; i < 32; ++i)
    EXPECT_THAT(talk("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, a_client_that_does_not_take_its_answer_is_left) {
  start({.request_timeout = 50ms});
  const auto before = open_descriptors();
  auto slow = connect();
  send(slow, "GET /assets/large.js HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(receive_status(slow), "HTTP/1.1 200 OK");
  while (open_descriptors() > before + 1) {  // our own end stays
  }
  EXPECT_LT(receive_all_or_reset(slow).size(), kLarge);
}

TEST_F(HttpServerTest, whoever_fails_too_often_is_closed_and_valid_tokens_are_served_meanwhile) {
  start();
  const std::string bad =
      "GET /api/conferences/demo/publications HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n";
  auto flood = connect();
  for (std::uint32_t i = 0; i < FailureBudget::kTerms.at_once + 50; ++i) send(flood, bad);
  const auto answers = receive_all_or_reset(flood);
  EXPECT_GE(occurrences(answers, "HTTP/1.1 401"), FailureBudget::kTerms.at_once);
  EXPECT_EQ(occurrences(answers, "HTTP/1.1 429"), 1u);
  EXPECT_THAT(talk("GET /api/conferences/demo/publications HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                   "Authorization: Bearer " +
                   token() + "\r\n\r\n"),
              StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, a_port_that_is_taken_is_said_in_a_sentence) {
  start();
  HttpServerSettings settings;
  settings.listen = {IpAddress::v4(127, 0, 0, 1), server->port()};
  const auto second = HttpServer::listen(settings, *control, core);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("in use"));
}

TEST_F(HttpServerTest, draining_ends_the_run) {
  start();
  auto idle = connect();
  server->drain();
  thread.join();
}

}  // namespace
}  // namespace bridgehall::web

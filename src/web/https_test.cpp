// The HTTP port with TLS, plain HTTP and media on it, over real sockets.
#include <array>
#include <csignal>
#include <future>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "crypto/self_signed.h"
#include "web/fake_media_core.h"
#include "web/http_server.h"
#include "wire/stun.h"

namespace bridgehall::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr crypto::UnixTime kNow{std::chrono::seconds(1'790'000'000)};

std::shared_ptr<const TlsContext> make_context(const std::string& name,
                                               std::chrono::hours lifetime = std::chrono::hours(9000)) {
  const auto pair = crypto::make_self_signed(std::array{name}, {}, kNow, kNow + lifetime);
  return *TlsContext::make(pair.certificate, pair.key);
}

// A client's end of TLS on a socket of its own.
class TlsClient {
 public:
  TlsClient(tcp::socket socket, SSL_CTX* context, SSL_SESSION* session = nullptr)
      : socket_(std::move(socket)), ssl_(SSL_new(context)) {
    static constexpr unsigned char kOffered[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(ssl_.get(), kOffered, sizeof kOffered - 1);
    SSL_set_fd(ssl_.get(), socket_.native_handle());
    if (session) SSL_set_session(ssl_.get(), session);
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  bool connected() const { return connected_; }
  SSL* ssl() { return ssl_.get(); }
  void send(std::string_view text) {
    ASSERT_EQ(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
  }
  // At least `size` bytes, or what came before the end.
  std::string receive(std::size_t size) {
    std::string all;
    std::array<char, 4096> piece;
    while (all.size() < size) {
      const int got = SSL_read(ssl_.get(), piece.data(), piece.size());
      if (got <= 0) break;
      all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  // The head of an answer.
  std::string receive_head() {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      char next = 0;
      if (SSL_read(ssl_.get(), &next, 1) != 1) break;
      head += next;
    }
    return head;
  }
  std::string receive_all() { return receive(std::string::npos); }
  bool shows(const std::string& name) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    return certificate && X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr) == 1;
  }

 private:
  tcp::socket socket_;
  SslPointer ssl_;
  bool connected_ = false;
};

class HttpsTest : public testing::Test {
 protected:
  HttpsTest() : client_context(SSL_CTX_new(TLS_client_method())) {
    std::signal(SIGPIPE, SIG_IGN);  // as in the program
    StaticFiles files;
    files.add("index.html", std::string(3'000'000, 'x'));
    ControlSettings settings;
    settings.names = {"bridge.example.org"};
    settings.conferences = {conference::Roster{.id = "demo"}};
    control.emplace(settings, key, std::move(files), random, core);
  }
  ~HttpsTest() override {
    if (!thread.joinable()) return;
    server->stop();
    thread.join();
  }

  void start(HttpServerSettings settings = {}, StrictTransport strict = StrictTransport::no) {
    settings.listen = {IpAddress::v4(127, 0, 0, 1), 0};
    auto listening = HttpServer::listen(settings, *control, core);
    ASSERT_TRUE(listening) << listening.error().message;
    server = std::move(*listening);
    server->accept_links(*control);
    server->accept_media([this](MediaConnection&& connection) { media.set_value(std::move(connection)); });
    server->use_tls(make_context("first.example"), strict);
    thread = std::thread([this] { server->run(); });
  }
  // On the control thread, now.
  void on_control(std::function<void()> task) {
    std::promise<void> done;
    bool first = true;
    server->every(1h, [&, task = std::move(task)] {
      if (!std::exchange(first, false)) return;
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::uint64_t events(PortEvent event) {
    std::uint64_t count = 0;
    on_control([&] { count = control->port_counters().events[static_cast<std::size_t>(event)]; });
    return count;
  }
  tcp::socket connect() {
    tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), server->port()});
    return socket;
  }
  TlsClient connect_tls(SSL_SESSION* session = nullptr) { return {connect(), client_context.get(), session}; }
  static std::string receive_all(tcp::socket& socket) {
    std::string text;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(text), error);
    return text;
  }
  std::string talk_plainly(std::string_view text) {
    auto socket = connect();
    asio::write(socket, asio::buffer(text));
    return receive_all(socket);
  }

  const crypto::TokenKey key{{}};
  SeededRandom random{3};
  FakeMediaCore core;
  std::optional<Control> control;
  std::promise<MediaConnection> media;
  std::unique_ptr<HttpServer> server;
  std::thread thread;
  asio::io_context io;
  std::unique_ptr<SSL_CTX, SslFree> client_context;
};

constexpr std::string_view kHealth = "GET /healthz HTTP/1.1\r\nHost: bridge.example.org\r\n\r\n";
constexpr std::string_view kLastHealth = "GET /healthz HTTP/1.1\r\nHost: 192.0.2.7:8443\r\nConnection: close\r\n\r\n";

TEST_F(HttpsTest, requests_are_answered_over_tls_1_3_with_http_1_1_by_name_and_by_address) {
  start();
  auto client = connect_tls();
  ASSERT_TRUE(client.connected());
  EXPECT_STREQ(SSL_get_version(client.ssl()), "TLSv1.3");
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.ssl(), &protocol, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(protocol), size), "http/1.1");
  client.send(kHealth);
  client.send(kLastHealth);
  const auto text = client.receive_all();
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_NE(text.find("HTTP/1.1 200 OK", 10), std::string::npos) << text;
  EXPECT_THAT(text, Not(HasSubstr("Strict-Transport-Security")));
  EXPECT_EQ(SSL_get_shutdown(client.ssl()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN) << "the end is said";
}

TEST_F(HttpsTest, a_long_answer_arrives_whole_at_a_client_that_reads_late) {
  start();
  auto client = connect_tls();
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  on_control([] {});  // the server has written as much as goes
  const auto text = client.receive_all();
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_EQ(text.size() - text.find("\r\n\r\n") - 4, 3'000'000u);
}

TEST_F(HttpsTest, a_real_certificate_lets_browsers_come_by_https_only) {
  start({}, StrictTransport::yes);
  auto client = connect_tls();
  client.send(kLastHealth);
  EXPECT_THAT(client.receive_all(), HasSubstr("Strict-Transport-Security: max-age=31536000\r\n"));
  EXPECT_THAT(talk_plainly("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              Not(HasSubstr("Strict-Transport-Security")));
}

TEST_F(HttpsTest, plain_http_is_for_this_machine_and_leads_all_else_to_https) {
  start();
  EXPECT_THAT(talk_plainly("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
  const auto text = talk_plainly("GET /x?y HTTP/1.1\r\nHost: 192.0.2.7:8443\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 308 Permanent Redirect"));
  EXPECT_THAT(text, HasSubstr("Location: https://192.0.2.7:8443/x?y\r\n"));
  EXPECT_EQ(events(PortEvent::redirected), 1u);
}

TEST_F(HttpsTest, old_versions_are_refused) {
  start();
  SSL_CTX_set_security_level(client_context.get(), 0);
  SSL_CTX_set_max_proto_version(client_context.get(), TLS1_1_VERSION);
  EXPECT_FALSE(connect_tls().connected());
  SSL_CTX_set_max_proto_version(client_context.get(), TLS1_2_VERSION);
  auto client = connect_tls();
  ASSERT_TRUE(client.connected());
  EXPECT_THAT(SSL_get_cipher(client.ssl()), StartsWith("ECDHE-"));
  EXPECT_EQ(events(PortEvent::handshake_failed), 1u);
}

TEST_F(HttpsTest, a_session_is_resumed_by_its_ticket) {
  start();
  auto first = connect_tls();
  first.send(kLastHealth);
  first.receive_all();
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(SSL_get1_session(first.ssl()),
                                                                          SSL_SESSION_free);
  auto second = connect_tls(session.get());
  ASSERT_TRUE(second.connected());
  EXPECT_TRUE(SSL_session_reused(second.ssl()));
}

TEST_F(HttpsTest, a_new_certificate_is_shown_to_new_connections_while_links_stay_open) {
  start();
  auto link = connect_tls();
  EXPECT_TRUE(link.shows("first.example"));
  link.send(
      "GET /api/conferences/demo/signalling HTTP/1.1\r\nHost: bridge.example.org\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  EXPECT_THAT(link.receive_head(), StartsWith("HTTP/1.1 101"));
  on_control([&] { server->use_tls(make_context("second.example", std::chrono::hours(24)), StrictTransport::no); });
  auto next = connect_tls();
  EXPECT_TRUE(next.shows("second.example"));
  EXPECT_FALSE(next.shows("first.example"));
  link.send({"\x89\x80\0\0\0\0", 6});  // a ping (RFC 6455 section 5.5.2)
  EXPECT_EQ(link.receive(2), std::string("\x8A\0", 2));
  std::int64_t end = 0;
  on_control([&] { end = control->port_counters().certificate_expires_at; });
  EXPECT_EQ(end, (kNow + std::chrono::hours(24)).time_since_epoch().count());
}

TEST_F(HttpsTest, crowds_that_say_nothing_keep_nobody_out) {
  start({.reception = {.undecided = 4, .handshakes = 4}});
  std::vector<tcp::socket> silent, shy;
  for (int i = 0; i < 20; ++i) silent.push_back(connect());
  for (int i = 0; i < 20; ++i) asio::write(shy.emplace_back(connect()), asio::buffer("\x16\x03\x01", 3));
  auto client = connect_tls();
  ASSERT_TRUE(client.connected());
  client.send(kLastHealth);
  EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(talk_plainly("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
  for (int i = 0; i < 16; ++i) EXPECT_EQ(receive_all(silent[static_cast<std::size_t>(i)]), "");
  EXPECT_GE(events(PortEvent::pushed_out), 16u);
  EXPECT_GE(events(PortEvent::handshake_failed), 16u);
}

TEST_F(HttpsTest, who_says_nothing_or_half_a_hello_is_closed_in_time) {
  start({.reception = {.first_bytes = 20ms, .first_frame = 20ms, .handshake = 20ms}});
  for (const auto* text : {"", "\x16\x03\x01", "\x01"}) EXPECT_EQ(talk_plainly(text), "");
  EXPECT_EQ(events(PortEvent::silent), 2u);
  EXPECT_EQ(events(PortEvent::handshake_failed), 1u);
}

TEST_F(HttpsTest, what_is_neither_is_closed_without_a_word) {
  start();
  for (const std::string_view text : {"\x80\x60", "\x15\x03\x01", "\xff\xff\xff\xff"})
    EXPECT_EQ(talk_plainly(text), "");
  EXPECT_EQ(events(PortEvent::unknown), 3u);
}

std::string framed_stun(wire::StunClass message_class, std::string_view username) {
  std::array<std::uint8_t, 200> message;
  wire::StunWriter writer(message, message_class, wire::kStunBinding, {});
  if (!username.empty()) writer.username(username);
  writer.fingerprint();
  const auto size = writer.finish();
  return std::string{'\0', static_cast<char>(size)} + std::string(as_text(BytesView{message}.first(size)));
}

TEST_F(HttpsTest, a_framed_check_is_passed_on_with_its_descriptor_and_bytes) {
  start();
  auto socket = connect();
  const auto frame = framed_stun(wire::StunClass::request, "Aserver:client");
  for (const char byte : frame) asio::write(socket, asio::buffer(&byte, 1));
  auto taken = media.get_future().get();
  EXPECT_EQ(taken.ufrag, "Aserver");
  EXPECT_EQ(as_text(taken.first_bytes), frame);
  EXPECT_EQ(taken.remote.port, socket.local_endpoint().port());
  EXPECT_TRUE(taken.local.is_loopback());
  tcp::socket other_end(io, tcp::v4(), taken.descriptor);
  asio::write(other_end, asio::buffer("hello", 5));
  std::string heard(5, '\0');
  asio::read(socket, asio::buffer(heard));
  EXPECT_EQ(heard, "hello");
}

TEST_F(HttpsTest, stun_that_is_no_check_to_anyone_is_closed) {
  start();
  EXPECT_EQ(talk_plainly(framed_stun(wire::StunClass::indication, "Aserver:client")), "");
  EXPECT_EQ(talk_plainly(framed_stun(wire::StunClass::request, "")), "");
  EXPECT_EQ(events(PortEvent::unknown), 2u);
}

TEST(TlsContext, says_what_is_wrong_with_a_certificate_or_its_key) {
  const auto one = crypto::make_self_signed({}, {}, kNow, kNow + std::chrono::hours(1));
  const auto other = crypto::make_self_signed({}, {}, kNow, kNow + std::chrono::hours(1));
  EXPECT_THAT(TlsContext::make(one.certificate, other.key).error().message, HasSubstr("does not belong"));
  EXPECT_THAT(TlsContext::make("nonsense", one.key).error().message, HasSubstr("no certificate"));
  EXPECT_THAT(TlsContext::make(one.certificate, "nonsense").error().message, HasSubstr("no private key"));
  EXPECT_EQ((*TlsContext::make(one.certificate + other.certificate, one.key))->not_after(),
            kNow + std::chrono::hours(1));
}

}  // namespace
}  // namespace bridgehall::web

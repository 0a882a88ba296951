#include "web/http_server.h"

#include <array>
#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "web/client_stream.h"
#include "web/connection_deadline.h"
#include "web/host_names.h"
#include "web/problem.h"
#include "web/reception.h"
#include "web/response_head.h"
#include "web/strangers.h"
#include "web/websocket_handshake.h"
#include "web/websocket_links.h"

namespace bridgehall::web {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t kMaxLinger =
    4u << 20;  // bytes of a refused body read and thrown away, so that the answer arrives
constexpr Duration kLingerTimeout = 5s;
constexpr Duration kAcceptSettles = 10s;
constexpr std::size_t kMaxRefusals = 64;  // connections beyond the limit that are told so at a time
constexpr std::string_view kStrictTransport = "max-age=31536000";  // RFC 6797: a year of https only

TimePoint monotonic_now() { return TimePoint{std::chrono::steady_clock::now().time_since_epoch()}; }
std::chrono::steady_clock::time_point to_steady(TimePoint t) {
  return std::chrono::steady_clock::time_point{
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(t.time_since_epoch())};
}
Instant read_clocks() {
  return {monotonic_now(), std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

IpAddress to_ip(const asio::ip::address& address) {
  if (address.is_v6()) return {address.to_v6().to_bytes()};
  const auto four = address.to_v4().to_bytes();
  return IpAddress::v4(four[0], four[1], four[2], four[3]);
}

SocketAddress to_address(const tcp::endpoint& endpoint) { return {to_ip(endpoint.address()), endpoint.port()}; }

// All addresses: one socket for IPv4 and IPv6, where the system has both.
void open_acceptor(tcp::acceptor& acceptor, const SocketAddress& address, ErrorCode& error) {
  const bool everywhere = address.ip.is_unspecified();
  const auto ip = everywhere ? asio::ip::address(asio::ip::address_v6::any())
                             : asio::ip::make_address(address.ip.to_string(), error);
  tcp::endpoint endpoint(ip, address.port);
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (error && everywhere) {
    endpoint = {asio::ip::address_v4::any(), address.port};
    acceptor.open(endpoint.protocol(), error);
  }
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
}

// What is answered when a request cannot be read; nullopt: the client has gone.
std::optional<Response> refuse_unreadable(const ErrorCode& error, bool timed_out, std::uint32_t max_head) {
  if (timed_out) return make_problem({408, "too-slow", "The request did not arrive in time.", {}});
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return make_problem(
        {431, "head-too-large", fmt::format("A request's head has at most {} bytes here.", max_head), {}});
  if (error == http::error::body_limit) return Control::make_too_large();
  if (error == http::error::bad_version)
    return make_problem({505, "http-version", "Only HTTP/1.1 and HTTP/1.0 are spoken here.", {}});
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == make_error_code(http::error::bad_method).category())
    return make_problem(
        {400, "bad-request", fmt::format("The request cannot be read as HTTP: {}.", error.message()), {}});
  return std::nullopt;
}

}  // namespace

struct HttpServer::State {
  State(HttpServerSettings s, Control& c, MediaCore& m)
      : settings(std::move(s)), control(c), core(m), reception(settings.reception, c.port_counters()) {}

  // A request whose answer a connection waits for.
  struct Awaited {
    std::optional<Response> response;
    asio::steady_timer wake;
  };

  HttpServerSettings settings;
  Control& control;
  MediaCore& core;
  Ticket last_ticket = 0;
  std::unordered_map<Ticket, Awaited*> awaited;
  std::size_t connections = 0;
  Strangers strangers;  // connections that wait, of clients that have not shown who they are
  std::unordered_map<Strangers::Id, tcp::socket*> waiting;
  Strangers::Id last_waiting = 0;
  std::size_t refusals = 0;
  std::size_t answering = 0;  // requests read whose answer is not written yet
  bool draining = false;
  std::optional<TimePoint> accept_failed;  // last, while that is worth telling
  TimePoint timer_set = kNever;
  std::unique_ptr<WebSocketLinks> links;  // null: nobody hosts any
  Reception reception;
  bool strict_transport = false;
  // Destroyed before what the coroutines refer to, and after what refers to it.
  asio::io_context io{1};
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors;  // the first is HTTP's
  asio::posix::stream_descriptor events{io};              // of the media core
  asio::posix::stream_descriptor records{io};             // of the journal
  asio::steady_timer control_timer{io};
  asio::steady_timer drain_timer{io};
  asio::signal_set signals{io};
  asio::signal_set hangups{io};
  std::vector<std::unique_ptr<asio::steady_timer>> periodic;

  // -- between Control and the connections --

  void deliver() {
    while (auto answer = control.poll_answer()) {
      const auto found = awaited.find(answer->ticket);
      if (found == awaited.end()) continue;
      found->second->response = std::move(answer->response);
      found->second->wake.cancel();
    }
    if (links) links->wake_ready();
    arm_control_timer();
    stop_when_drained();
  }

  void arm_control_timer() {
    const auto deadline = control.next_deadline();
    if (deadline == timer_set) return;
    timer_set = deadline;
    if (deadline == kNever) {
      control_timer.cancel();
      return;
    }
    control_timer.expires_at(to_steady(deadline));
    control_timer.async_wait([this](const ErrorCode& error) {
      if (error) return;
      timer_set = kNever;
      control.handle_timeout(read_clocks());
      deliver();
    });
  }

  asio::awaitable<void> take_events(asio::posix::stream_descriptor& source) {
    while (true) {
      ErrorCode error;
      co_await source.async_wait(asio::posix::stream_descriptor::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      std::uint64_t signals_so_far;
      if (read(source.native_handle(), &signals_so_far, sizeof signals_so_far) < 0) co_return;
      control.handle_events(read_clocks());
      deliver();
    }
  }

  // False: out of file descriptors. `wakes`: an eventfd of somebody else.
  bool await_events(asio::posix::stream_descriptor& source, int wakes) {
    const int own = dup(wakes);
    ErrorCode error;
    if (own >= 0) source.assign(own, error);
    if (own < 0 || error) return false;
    asio::co_spawn(io, take_events(source), asio::detached);
    return true;
  }

  void begin_drain() {
    if (draining) {
      io.stop();
      return;
    }
    draining = true;
    spdlog::info("stopping: closing all sessions");
    drain_timer.expires_after(settings.drain_timeout);
    drain_timer.async_wait([this](const ErrorCode& error) {
      if (!error) io.stop();
    });
    control.drain(read_clocks());
    deliver();
  }

  void stop_when_drained() {
    const bool linked = links && links->count() > 0;
    if (draining && control.drained() && answering == 0 && !linked) io.stop();
  }

  // -- connections --

  // Where HTTP and media share a port, one socket takes both at all addresses.
  Result<void> listen() {
    const auto& http = settings.listen;
    const bool shared = settings.media_port != 0 && settings.media_port == http.port;
    auto opened = listen_at(shared ? SocketAddress{{}, http.port} : http, "HTTP", "http.port");
    if (opened && settings.media_port != 0 && !shared)
      opened = listen_at({{}, settings.media_port}, "media over TCP", "media.port, or set media.tcp to off");
    return opened;
  }

  Result<void> listen_at(const SocketAddress& address, std::string_view what, std::string_view setting) {
    auto& acceptor = *acceptors.emplace_back(std::make_unique<tcp::acceptor>(io));
    ErrorCode error;
    open_acceptor(acceptor, address, error);
    if (error == asio::error::address_in_use)
      return fail(fmt::format("The TCP port of {} for {} is in use by another program; choose another one with {}.",
                              address.to_string(), what, setting));
    if (error) return fail(fmt::format("Cannot listen for {} on {}: {}.", what, address.to_string(), error.message()));
    return {};
  }

  // HTTP is spoken at the address of the settings only, although media over TCP may come to all.
  bool speaks_http(const IpAddress& local) const {
    const auto& address = settings.listen.ip;
    return address.is_unspecified() || address == local || (address.is_loopback() && local.is_loopback());
  }

  asio::awaitable<void> accept_connections(tcp::acceptor& acceptor) {
    while (true) {
      ErrorCode error;
      tcp::socket socket(io);
      co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      note_accept(error);
      if (error) {  // out of descriptors, most likely: others will close
        asio::steady_timer pause(io, 100ms);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      socket.set_option(tcp::no_delay(true), error);
      asio::co_spawn(io, serve(std::move(socket)), asio::detached);
    }
  }

  // One line when it begins to fail, one when it has worked again for a while: with few descriptors it goes to and fro.
  void note_accept(const ErrorCode& error) {
    const auto now = monotonic_now();
    if (!error) {
      if (!accept_failed || now - *accept_failed < kAcceptSettles) return;
      accept_failed.reset();
      return spdlog::info("new connections are taken again");
    }
    ++control.port_counters().accept_failures;
    if (std::exchange(accept_failed, now)) return;
    const bool descriptors =
        error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system;
    if (descriptors)
      spdlog::warn("no new connections: out of file descriptors; raise LimitNOFILE of the service");
    else
      spdlog::warn("no new connections: {}", error.message());
  }

  // While it lives, the connection may have to make room for another.
  class Waiting {
   public:
    Waiting(State& state, tcp::socket& socket, const IpAddress& from) : state_(state), id_(++state.last_waiting) {
      state_.strangers.arrive(id_, from);
      state_.waiting[id_] = &socket;
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
      state_.strangers.leave(id_);
      state_.waiting.erase(id_);
    }

   private:
    State& state_;
    Strangers::Id id_;
  };

  bool has_room() {
    if (connections < settings.max_connections) return true;
    const auto longest = strangers.to_make_room();
    if (!longest || connections >= settings.max_connections + kMaxRefusals) return false;
    strangers.leave(*longest);
    control.count_unread(503);
    ErrorCode ignored;
    waiting.at(*longest)->close(ignored);
    return true;
  }

  asio::awaitable<void> refuse_connection(ClientStream& stream) {
    const Counted counted(refusals);
    Deadline deadline(stream.socket());
    auto response =
        make_problem({503, "too-many-connections", "This server has as many connections as it may have.", {}});
    response.headers.add("Retry-After", "2");
    control.count_unread(response.status);
    if (co_await write(stream, deadline, response, false, false)) co_await linger(stream, deadline);
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    try {
      ErrorCode error;
      const auto local = to_address(socket.local_endpoint(error));
      const bool http = !error && speaks_http(local.ip);
      auto stream = co_await reception.receive(std::move(socket), http);
      if (!stream) co_return;
      if (!has_room()) {
        if (refusals < kMaxRefusals) co_await refuse_connection(*stream);
        co_return;
      }
      auto upgrade = co_await serve_http(*stream, local);
      if (upgrade) co_await links->serve(std::move(stream), std::move(upgrade->place), std::move(upgrade->request));
    } catch (const std::exception& failure) {
      spdlog::error("a connection ended with an exception: {}", failure.what());
    }
  }

  // A request that makes its connection a WebSocket.
  struct Upgrade {
    std::unique_ptr<WebSocketLinks::Place> place;
    Request request;
  };

  // Until the connection closes or becomes something else.
  asio::awaitable<std::optional<Upgrade>> serve_http(ClientStream& stream, const SocketAddress& local) {
    const Counted counted(connections);
    Deadline deadline(stream.socket());
    co_return co_await serve_requests(stream, local, deadline);
  }

  // Pipelined requests wait in `buffer` and are answered one after the other.
  asio::awaitable<std::optional<Upgrade>> serve_requests(ClientStream& stream, const SocketAddress& local,
                                                         Deadline& deadline) {
    ErrorCode error;
    const auto peer = to_address(stream.socket().remote_endpoint(error));
    if (error) co_return std::nullopt;
    boost::beast::flat_buffer buffer(settings.max_head + Control::kMaxOffer);
    bool known = false;
    for (bool first = true; true; first = false) {
      std::optional<Waiting> stranger;
      if (!known) stranger.emplace(*this, stream.socket(), peer.ip);
      if (buffer.size() == 0 && !co_await wait_for_bytes(stream, deadline, first)) co_return std::nullopt;
      Parser parser;
      auto refusal = co_await read_request(stream, deadline, buffer, parser, error);
      if (refusal) {
        control.count_unread(refusal->status);
        if (co_await write(stream, deadline, *refusal, false, false)) co_await linger(stream, deadline);
        co_return std::nullopt;
      }
      if (error) co_return std::nullopt;
      deadline.clear();
      stranger.reset();
      const bool keep_alive = parser.keep_alive() && !draining;
      auto request = to_request(parser.get(), peer);
      request.secure = stream.secure();
      request.body = std::move(parser.get().body());
      auto decided = redirect(request, local);
      if (const auto conference = decided ? std::nullopt : asked_link(request)) {
        auto place = open_link(*conference, request, buffer.size() > 0);
        if (place) co_return Upgrade{std::move(*place), std::move(request)};
        decided = std::move(place.error());
      }
      const auto done = co_await answer(stream, deadline, std::move(request), std::move(decided), keep_alive);
      stop_when_drained();
      if (!done) co_return std::nullopt;
      known |= *done == Caller::known;
      // Whoever fails too often has to come by a new connection each time.
      if (!keep_alive || *done == Caller::refused_often) break;
    }
    co_await linger(stream, deadline);
    co_return std::nullopt;
  }

  std::optional<Response> redirect(const Request& request, const SocketAddress& local) {
    if (request.secure || !reception.has_tls()) return std::nullopt;
    auto response = redirect_to_https(request, local, control.names());
    if (response) ++control.port_counters().events[static_cast<std::size_t>(PortEvent::redirected)];
    return response;
  }

  std::optional<std::string> asked_link(const Request& request) const {
    if (!links || !asks_for_websocket(request)) return std::nullopt;
    return link_conference(request);
  }

  std::expected<std::unique_ptr<WebSocketLinks::Place>, Response> open_link(const std::string& conference,
                                                                            const Request& request, bool more_came) {
    auto refusal = refuse_handshake(request);
    // RFC 6455 section 4.1: a client waits for the answer before it sends.
    if (!refusal && more_came)
      refusal = make_problem({400, "bad-handshake", "Nothing may follow a handshake that is not answered yet.", {}});
    auto place = refusal ? std::unexpected(std::move(*refusal)) : links->open(conference, request);
    control.count_link(place ? 101 : place.error().status);
    return place;
  }

  // With what is decided already, or else with what Control says.
  // What the answer showed of who asked; nullopt: the client has gone.
  asio::awaitable<std::optional<Caller>> answer(ClientStream& stream, Deadline& deadline, Request request,
                                                std::optional<Response> decided, bool keep_alive) {
    const Counted busy(answering);
    const bool head_only = request.method == "HEAD";
    if (!decided) decided = co_await ask_control(std::move(request));
    if (stream.secure() && strict_transport)
      decided->headers.set("Strict-Transport-Security", std::string(kStrictTransport));
    keep_alive &= decided->caller != Caller::refused_often;
    if (!co_await write(stream, deadline, *decided, keep_alive, head_only)) co_return std::nullopt;
    co_return decided->caller;
  }

  asio::awaitable<bool> wait_for_bytes(ClientStream& stream, Deadline& deadline, bool first) {
    deadline.set(first ? settings.request_timeout : settings.idle_timeout);
    co_return co_await stream.wait_readable();
  }

  // Reads head and body. A refusal ends the connection; so does `error` without one.
  asio::awaitable<std::optional<Response>> read_request(ClientStream& stream, Deadline& deadline,
                                                        boost::beast::flat_buffer& buffer, Parser& parser,
                                                        ErrorCode& error) {
    parser.header_limit(settings.max_head);
    parser.body_limit(
        boost::none);  // until the head is read, so that a large Content-Length is answered and not an error
    deadline.set(settings.request_timeout);
    co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return refuse_unreadable(error, deadline.expired(), settings.max_head);
    const auto length = parser.content_length();
    const bool may_be_long = parser.chunked() || (length && *length > Control::kMaxBody);
    const auto limit =
        may_be_long ? control.body_limit(to_request(parser.get(), {}), read_clocks()) : Control::kMaxBody;
    if (length && *length > limit) co_return refuse_unreadable(http::error::body_limit, false, settings.max_head);
    parser.body_limit(limit);
    const auto expect = parser.get()[http::field::expect];
    if (!expect.empty()) {
      if (!equal_ignoring_case({expect.data(), expect.size()}, "100-continue"))
        co_return make_problem({417, "expectation", "Only 100-continue is met here.", "Expect"});
      co_await asio::async_write(stream, asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")),
                                 asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return std::nullopt;
    }
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return refuse_unreadable(error, deadline.expired(), settings.max_head);
    co_return std::nullopt;
  }

  // All but the body.
  static Request to_request(const Parser::value_type& message, SocketAddress peer) {
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
    request.peer = peer;
    return request;
  }

  asio::awaitable<Response> ask_control(Request request) {
    const auto ticket = ++last_ticket;
    Awaited waiting{.response = {}, .wake = asio::steady_timer(io, asio::steady_timer::time_point::max())};
    awaited[ticket] = &waiting;
    control.submit(ticket, request, read_clocks());
    deliver();
    ErrorCode cancelled;
    while (!waiting.response) co_await waiting.wake.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    awaited.erase(ticket);
    co_return std::move(*waiting.response);
  }

  asio::awaitable<bool> write(ClientStream& stream, Deadline& deadline, const Response& response, bool keep_alive,
                              bool head_only) {
    const auto head = write_response_head(response, keep_alive, std::chrono::system_clock::now());
    const auto content = head_only ? std::string_view() : response.content();
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(content)};
    ErrorCode error;
    deadline.set(settings.request_timeout);
    co_await asio::async_write(stream, parts, asio::redirect_error(asio::use_awaitable, error));
    deadline.clear();
    co_return !error;
  }

  // Closing with bytes unread makes the kernel send a reset, which can overtake the answer (RFC 9112 section 9.6).
  asio::awaitable<void> linger(ClientStream& stream, Deadline& deadline) {
    ErrorCode error;
    stream.finish_writing();
    stream.socket().shutdown(tcp::socket::shutdown_send, error);
    std::array<char, 16 * 1024> waste;
    deadline.set(kLingerTimeout);
    for (std::size_t total = 0; !error && total < kMaxLinger;)
      total += co_await stream.async_read_some(asio::buffer(waste), asio::redirect_error(asio::use_awaitable, error));
  }
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(HttpServerSettings settings, Control& control, MediaCore& core) {
  auto state = std::make_unique<State>(std::move(settings), control, core);
  auto listening = state->listen();
  if (!listening) return std::unexpected(listening.error());
  if (!state->await_events(state->events, core.event_fd()))
    return fail("Cannot wait for the media core: out of file descriptors.");
  if (control.journal_fd() >= 0 && !state->await_events(state->records, control.journal_fd()))
    return fail("Cannot wait for the record: out of file descriptors.");
  for (const auto& acceptor : state->acceptors)
    asio::co_spawn(state->io, state->accept_connections(*acceptor), asio::detached);
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

void HttpServer::accept_links(LinkHost& host) {
  state_->links = std::make_unique<WebSocketLinks>(state_->settings.links, host, state_->control.link_counters(),
                                                   read_clocks, [state = state_.get()] { state->deliver(); });
}

void HttpServer::accept_media(TakeMedia take) { state_->reception.set_media(std::move(take)); }

void HttpServer::use_tls(std::shared_ptr<const TlsContext> context, StrictTransport strict) {
  state_->control.port_counters().certificate_expires_at = context->not_after().time_since_epoch().count();
  state_->reception.set_tls(std::move(context));
  state_->strict_transport = strict == StrictTransport::yes;
}

void HttpServer::on_hangup(std::function<void()> task) {
  struct Repeat {
    static void arm(State& state, std::function<void()> task) {
      state.hangups.async_wait([&state, task = std::move(task)](const ErrorCode& error, int) {
        if (error) return;
        task();
        arm(state, task);
      });
    }
  };
  state_->hangups.add(SIGHUP);
  Repeat::arm(*state_, std::move(task));
}

std::uint16_t HttpServer::port() const { return state_->acceptors.front()->local_endpoint().port(); }

void HttpServer::every(Duration interval, std::function<void()> task) {
  struct Repeat {
    static void arm(asio::steady_timer& timer, Duration interval, std::function<void()> task) {
      task();
      timer.expires_after(interval);
      timer.async_wait([&timer, interval, task = std::move(task)](const ErrorCode& error) {
        if (!error) arm(timer, interval, task);
      });
    }
  };
  auto& timer = *state_->periodic.emplace_back(std::make_unique<asio::steady_timer>(state_->io));
  asio::post(state_->io, [&timer, interval, task = std::move(task)] { Repeat::arm(timer, interval, task); });
}

void HttpServer::drain_on_signals() {
  struct Repeat {
    static void arm(State& state) {
      state.signals.async_wait([&state](const ErrorCode& error, int) {
        if (error) return;
        state.begin_drain();
        arm(state);
      });
    }
  };
  state_->signals.add(SIGTERM);
  state_->signals.add(SIGINT);
  Repeat::arm(*state_);
}

void HttpServer::run() { state_->io.run(); }

void HttpServer::drain() {
  asio::post(state_->io, [this] { state_->begin_drain(); });
}

void HttpServer::stop() { state_->io.stop(); }

}  // namespace bridgehall::web

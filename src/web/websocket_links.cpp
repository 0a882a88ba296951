#include "web/websocket_links.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "web/connection_deadline.h"
#include "web/problem.h"

namespace bridgehall::web {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using ErrorCode = boost::system::error_code;
using Stream = websocket::stream<ClientStream&, true>;  // true: with permessage-deflate (RFC 7692)

constexpr std::size_t kPiece = 16 * 1024;  // octets read at a time
constexpr std::size_t kLeaving = 64;       // links above the limit that are told to go and are not gone yet
constexpr std::size_t kMaxReason = 123;    // RFC 6455 section 5.5: a control frame has 125 octets, the code takes two

// An offer and its answer repeat themselves in every section: 57 kB get to be 4. A window of 4 KiB reaches from one
// section into the next; it costs a link that has sent or received something long some 40 KiB. Events are short, and go
// to everybody: they are sent as they are.
websocket::permessage_deflate compression() {
  websocket::permessage_deflate options;
  options.server_enable = true;
  options.server_max_window_bits = 12;
  options.client_max_window_bits = 12;
  options.server_no_context_takeover = true;
  options.client_no_context_takeover = true;
  options.memLevel = 4;
  options.msg_size_threshold = 1'024;
  return options;
}

std::string_view shortened(std::string_view reason) {
  auto size = std::min(reason.size(), kMaxReason);
  while (size < reason.size() && size > 0 && (static_cast<unsigned char>(reason[size]) & 0xC0) == 0x80) --size;
  return reason.substr(0, size);
}

http::request<http::empty_body> to_beast(const Request& request) {
  http::request<http::empty_body> message(http::verb::get, request.target, 11);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
  return message;
}

Response too_many(std::string detail) {
  auto response = make_problem({503, "too-many-links", std::move(detail), {}});
  response.headers.add("Retry-After", "2");
  return response;
}

// Who ended a link whose reading ended with `error`.
LinkClose cause_of(const ErrorCode& error) {
  if (error == websocket::error::closed) return LinkClose::client;
  if (error == boost::beast::error::timeout) return LinkClose::silent;
  if (error.category() == make_error_code(websocket::error::bad_opcode).category()) return LinkClose::broken;
  return LinkClose::lost;
}

}  // namespace

class WebSocketLinks::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(WebSocketLinks& links, std::unique_ptr<ClientStream> connection, std::unique_ptr<Place> place)
      : links_(links),
        place_(std::move(place)),
        id_(place_->id()),
        connection_(std::move(connection)),
        stream_(*connection_),
        write_deadline_(connection_->socket()),
        wake_timer_(stream_.get_executor(), asio::steady_timer::time_point::max()),
        hello_timer_(stream_.get_executor()) {
    links_.links_[id_] = this;
    const auto& limits = links_.limits_;
    stream_.set_option(websocket::stream_base::timeout{limits.close_timeout, limits.silence_timeout, true});
    stream_.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& response) { response.set(http::field::server, "Bridgehall"); }));
    stream_.set_option(compression());
    stream_.read_message_max(0);  // read_all() counts
    stream_.auto_fragment(false);
    stream_.text(true);
  }

  // Until the socket is gone. Afterwards the host knows of the link no more.
  asio::awaitable<void> run(const Request& request) {
    ErrorCode error = asio::error::operation_aborted;
    try {
      const auto message = to_beast(request);
      co_await stream_.async_accept(message, asio::redirect_error(asio::use_awaitable, error));
      if (!error) {
        start_writing();
        error = co_await read_all();
      }
    } catch (const std::exception& failure) {
      spdlog::error("a link ended with an exception: {}", failure.what());
    }
    finish(error);
  }

  // For another, who has waited less.
  void make_room() {
    cause_ = LinkClose::silent;
    close_socket();
  }

  void wake() {
    woken_ = true;
    wake_timer_.cancel();
  }

 private:
  LinkHost& host() { return links_.host_; }
  // Nothing more is told to the host then; what it still has to say is written first, unless the end is our own.
  bool ended() { return end_ || host().end_of(id_); }

  void start_writing() {
    hello_timer_.expires_after(links_.limits_.hello_timeout);
    hello_timer_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
      const auto self = weak.lock();
      if (!error && self && self->place_) self->end_with(LinkClose::silent, {1008, "No hello came in time."});
    });
    asio::co_spawn(
        stream_.get_executor(), [self = shared_from_this()] { return self->write_all(); },
        [self = shared_from_this()](const std::exception_ptr& failure) {
          if (failure) self->close_socket();
        });
  }

  // Piece by piece, so that a text that is too long is seen before it is here, and a client that is still sending it
  // can read why it is sent away.
  asio::awaitable<ErrorCode> read_all() {
    boost::beast::flat_buffer buffer;
    ErrorCode error;
    while (true) {
      co_await stream_.async_read_some(buffer, kPiece, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return error;
      const auto limit = place_->greeted() ? LinkHost::kMaxText : LinkHost::kMaxBeforeHello;
      if (!stream_.got_text())
        end_with(LinkClose::broken, {1003, "Messages here are text."});
      else if (buffer.size() > limit)
        end_with(LinkClose::broken, {1009, fmt::format("A message has at most {} bytes here.", limit)});
      else if (!stream_.is_message_done())
        continue;
      else if (!ended())
        hand_over({static_cast<const char*>(buffer.data().data()), buffer.size()});
      buffer.consume(buffer.size());
      if (buffer.capacity() > LinkHost::kMaxBeforeHello) buffer.shrink_to_fit();
    }
  }

  void hand_over(std::string_view text) {
    ++links_.counters_.texts_received;
    host().handle_message(id_, text, links_.clock_());
    if (!place_->greeted() && host().greeted(id_)) {
      place_->set_greeted();
      hello_timer_.cancel();
    }
    links_.turned_();
  }

  void end_with(LinkClose cause, LinkEnd end) {
    if (ended()) return;
    cause_ = cause;
    end_ = std::move(end);
    wake();
  }

  // Our own end, or the host's once it has nothing more to say; nullopt: wait until woken.
  asio::awaitable<std::optional<LinkEnd>> write_what_there_is() {
    while (place_ && !end_) {
      const auto text = host().next_message(id_, links_.clock_());
      if (!text) break;
      if (!co_await write(*text)) co_return std::nullopt;
    }
    if (!place_ || end_) co_return end_;
    co_return host().end_of(id_);
  }

  asio::awaitable<void> write_all() {
    while (place_) {
      woken_ = false;
      const auto end = co_await write_what_there_is();
      if (!place_) co_return;
      if (end) {
        if (!cause_) cause_ = LinkClose::server;
        ErrorCode error;
        const auto reason = shortened(end->reason);
        co_await stream_.async_close(websocket::close_reason(websocket::close_code(end->code),
                                                             boost::beast::string_view(reason.data(), reason.size())),
                                     asio::redirect_error(asio::use_awaitable, error));
        if (error) close_socket();
        co_return;
      }
      ErrorCode cancelled;
      if (!woken_) co_await wake_timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
  }

  asio::awaitable<bool> write(std::string_view text) {
    ErrorCode error;
    write_deadline_.set(links_.limits_.write_timeout);
    co_await stream_.async_write(asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
    write_deadline_.clear();
    if (!error && !write_deadline_.expired()) {
      ++links_.counters_.texts_sent;
      co_return true;
    }
    // Time may be up just when the text was taken: reading was cancelled then all the same.
    if (write_deadline_.expired()) cause_ = LinkClose::slow;
    close_socket();
    co_return false;
  }

  void close_socket() {
    ErrorCode ignored;
    connection_->socket().close(ignored);
  }

  void finish(const ErrorCode& error) {
    if (write_deadline_.expired()) cause_ = LinkClose::slow;
    ++links_.counters_.closed[static_cast<std::size_t>(cause_.value_or(cause_of(error)))];
    hello_timer_.cancel();
    place_.reset();
    close_socket();
    wake();
    links_.turned_();
  }

  WebSocketLinks& links_;
  std::unique_ptr<Place> place_;  // null: the host was told that it is over
  LinkId id_;
  std::unique_ptr<ClientStream> connection_;
  Stream stream_;
  Deadline write_deadline_;
  asio::steady_timer wake_timer_;
  asio::steady_timer hello_timer_;
  bool woken_ = false;
  std::optional<LinkEnd> end_;  // decided here, not by the host
  std::optional<LinkClose> cause_;
};

WebSocketLinks::WebSocketLinks(LinkLimits limits, LinkHost& host, LinkCounters& counters, Instant (*clock)(),
                               std::function<void()> turned)
    : limits_(limits), host_(host), counters_(counters), clock_(clock), turned_(std::move(turned)) {}
WebSocketLinks::~WebSocketLinks() = default;

std::expected<std::unique_ptr<WebSocketLinks::Place>, Response> WebSocketLinks::open(const std::string& conference,
                                                                                     const Request& request) {
  if (!has_room()) return std::unexpected(too_many("This server has as many links as it may have."));
  const LinkId id{++last_id_};
  if (auto refusal = host_.open_link(id, conference, request, clock_())) return std::unexpected(std::move(*refusal));
  links_[id] = nullptr;
  not_greeted_.arrive(id.value(), request.peer.ip);
  counters_.open = links_.size();
  return std::make_unique<Place>(*this, id);
}

asio::awaitable<void> WebSocketLinks::serve(std::unique_ptr<ClientStream> stream, std::unique_ptr<Place> place,
                                            Request request) {
  const auto link = std::make_shared<Link>(*this, std::move(stream), std::move(place));
  co_await link->run(request);
}

// Whoever has said hello stays; of the others the one that had most time for it goes.
bool WebSocketLinks::has_room() {
  if (links_.size() < limits_.links && not_greeted_.size() < limits_.not_greeted) return true;
  const auto longest = not_greeted_.to_make_room();
  if (!longest || links_.size() >= limits_.links + kLeaving) return false;
  not_greeted_.leave(*longest);
  if (auto* link = links_.at(LinkId{*longest})) link->make_room();
  return true;
}

void WebSocketLinks::forget(LinkId id) {
  not_greeted_.leave(id.value());
  links_.erase(id);
  counters_.open = links_.size();
  host_.close_link(id, clock_());
}

void WebSocketLinks::wake_ready() {
  while (const auto id = host_.poll_ready()) {
    const auto found = links_.find(*id);
    if (found != links_.end() && found->second) found->second->wake();
  }
}

}  // namespace bridgehall::web

// A client's connection, plain or with TLS, as Asio's and Beast's stream: HTTP and WebSockets are written once for
// both. TLS is driven on the socket itself and not through Asio's engine, whose four buffers of 17 KiB would cost 4,000
// idle links a quarter of a gigabyte. One read and one write may be under way at a time. Control thread; lives where it
// is made.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include "web/tls_context.h"

namespace bridgehall::web {

class ClientStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = Socket::executor_type;
  using ErrorCode = boost::system::error_code;

  explicit ClientStream(Socket socket) : socket_(std::move(socket)) {}
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  executor_type get_executor() { return socket_.get_executor(); }
  Socket& socket() { return socket_; }
  bool secure() const { return ssl_ != nullptr; }

  // Speaks TLS from now on. False: the client does not, or has gone.
  boost::asio::awaitable<bool> accept_tls(const TlsContext& context);
  // Until there is something to read. False: the wait was ended.
  boost::asio::awaitable<bool> wait_readable();
  // Nothing more is written after this: what TLS says of it goes out as far as the socket takes it.
  void finish_writing();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return begin(Direction::in, buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return begin(Direction::out, buffers, std::forward<Token>(token));
  }

 private:
  enum class Direction : std::uint8_t { in, out };
  struct Progress {
    enum class Need : std::uint8_t { nothing, readable, writable };
    Need need = Need::nothing;
    std::size_t bytes = 0;
    ErrorCode error;
  };

  Progress step(Direction direction, void* data, std::size_t size);
  Progress judge(int result);

  // A read or a write over TLS: tried, and tried again when the socket is ready for it.
  struct Operation {
    ClientStream& stream;
    Direction direction;
    void* data;
    std::size_t size;
    Progress progress;
    enum class Phase : std::uint8_t { begin, waiting, done } phase = Phase::begin;

    template <class Self>
    void operator()(Self& self, ErrorCode error = {}) {
      if (phase == Phase::done) return self.complete(progress.error, progress.bytes);
      if (error) return self.complete(error, 0);
      progress = stream.step(direction, data, size);
      auto& socket = stream.socket_;
      if (progress.need != Progress::Need::nothing) {
        phase = Phase::waiting;
        const auto kind = progress.need == Progress::Need::readable ? Socket::wait_read : Socket::wait_write;
        return socket.async_wait(kind, std::move(self));
      }
      if (phase == Phase::waiting) return self.complete(progress.error, progress.bytes);
      phase = Phase::done;  // never completed within the call that began it
      boost::asio::post(socket.get_executor(), std::move(self));
    }
  };

  template <class Buffers>
  static auto first_filled(const Buffers& buffers) {
    auto next = boost::asio::buffer_sequence_begin(buffers);
    const auto end = boost::asio::buffer_sequence_end(buffers);
    while (next != end && boost::asio::buffer_size(*next) == 0) ++next;
    using Buffer = std::decay_t<decltype(*next)>;
    return next == end ? Buffer() : Buffer(*next);
  }

  // A record for each small buffer would cost more than to copy them together: a WebSocket's frame has its head apart.
  template <class Buffers>
  boost::asio::const_buffer gathered(const Buffers& buffers) {
    const boost::asio::const_buffer first = first_filled(buffers);
    const auto size = std::min(boost::asio::buffer_size(buffers), kGather);
    if (first.size() >= size) return first;
    if (!gather_) gather_ = std::make_unique_for_overwrite<char[]>(kGather);
    return {gather_.get(), boost::asio::buffer_copy(boost::asio::buffer(gather_.get(), size), buffers)};
  }

  template <class Buffers, class Token>
  auto begin(Direction direction, const Buffers& buffers, Token&& token) {
    const auto initiation = [this, direction](auto&& handler, const Buffers& all) {
      if (ssl_) {
        const boost::asio::const_buffer part = direction == Direction::out ? gathered(all) : first_filled(all);
        boost::asio::async_compose<decltype(handler), void(ErrorCode, std::size_t)>(
            Operation{*this, direction, const_cast<void*>(static_cast<const void*>(part.data())), part.size(), {}},
            handler, socket_);
      } else if constexpr (boost::asio::is_mutable_buffer_sequence<Buffers>::value) {
        if (direction == Direction::in)
          socket_.async_read_some(all, std::forward<decltype(handler)>(handler));
        else
          socket_.async_write_some(all, std::forward<decltype(handler)>(handler));
      } else {
        socket_.async_write_some(all, std::forward<decltype(handler)>(handler));
      }
    };
    return boost::asio::async_initiate<Token, void(ErrorCode, std::size_t)>(initiation, token, buffers);
  }

  static constexpr std::size_t kGather = 4 * 1024;

  Socket socket_;
  SslPointer ssl_;
  std::unique_ptr<char[]> gather_;  // made when first needed; one write at a time
};

// How Beast ends a WebSocket's connection.
inline void teardown(boost::beast::role_type role, ClientStream& stream, boost::system::error_code& error) {
  stream.finish_writing();
  boost::beast::websocket::teardown(role, stream.socket(), error);
}
template <class Handler>
void async_teardown(boost::beast::role_type role, ClientStream& stream, Handler&& handler) {
  stream.finish_writing();
  boost::beast::websocket::async_teardown(role, stream.socket(), std::forward<Handler>(handler));
}
inline void beast_close_socket(ClientStream& stream) {
  boost::system::error_code ignored;
  stream.socket().close(ignored);
}

}  // namespace bridgehall::web

#include "web/client_stream.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/err.h>

namespace bridgehall::web {

namespace asio = boost::asio;

asio::awaitable<bool> ClientStream::accept_tls(const TlsContext& context) {
  ErrorCode error;
  socket_.non_blocking(true, error);
  if (error) co_return false;
  ssl_ = context.accept_on(socket_.native_handle());
  if (!ssl_) co_return false;
  while (true) {
    ERR_clear_error();
    const auto progress = judge(SSL_do_handshake(ssl_.get()));
    if (progress.error) co_return false;
    if (progress.need == Progress::Need::nothing) co_return true;
    co_await socket_.async_wait(progress.need == Progress::Need::readable ? Socket::wait_read : Socket::wait_write,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return false;
  }
}

asio::awaitable<bool> ClientStream::wait_readable() {
  if (ssl_ && SSL_pending(ssl_.get()) > 0) co_return true;
  ErrorCode error;
  co_await socket_.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

void ClientStream::finish_writing() {
  if (!ssl_ || SSL_in_init(ssl_.get())) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

ClientStream::Progress ClientStream::step(Direction direction, void* data, std::size_t size) {
  if (size == 0) return {};
  if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
  ERR_clear_error();
  const int most = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
  return judge(direction == Direction::in ? SSL_read(ssl_.get(), data, most) : SSL_write(ssl_.get(), data, most));
}

ClientStream::Progress ClientStream::judge(int result) {
  if (result > 0) return {.bytes = static_cast<std::size_t>(result)};
  const int cause = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {.need = Progress::Need::readable};
    case SSL_ERROR_WANT_WRITE:
      return {.need = Progress::Need::writable};
    case SSL_ERROR_ZERO_RETURN:
      return {.error = asio::error::eof};
    case SSL_ERROR_SYSCALL:
      if (cause == 0) return {.error = asio::error::eof};
      return {.error = ErrorCode(cause, boost::system::system_category())};
    default:
      return {.error = asio::error::connection_aborted};
  }
}

}  // namespace bridgehall::web

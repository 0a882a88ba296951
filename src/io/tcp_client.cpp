#include "io/tcp_client.h"

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

#include "io/socket_address.h"

namespace bridgehall::io {
namespace {

bool bind_to(int fd, const IpAddress& ip) {
  const int one = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (ip.is_v4()) {
    const auto address = to_system_v4({ip, 0});
    return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  const auto address = to_system_v6({ip, 0});
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

int start(int fd, const SocketAddress& server) {
  if (server.ip.is_v4()) {
    const auto address = to_system_v4(server);
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  const auto address = to_system_v6(server);
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

std::optional<TcpClient> TcpClient::connect(const SocketAddress& server, const IpAddress& from) {
  FileDescriptor fd(socket(server.ip.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return std::nullopt;
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (!from.is_unspecified() && !bind_to(fd.get(), from)) return std::nullopt;
  if (start(fd.get(), server) != 0 && errno != EINPROGRESS) return std::nullopt;
  return TcpClient(std::move(fd));
}

std::optional<std::size_t> TcpClient::write(std::string_view bytes) {
  const auto size = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (size >= 0) return static_cast<std::size_t>(size);
  if (errno == EAGAIN || errno == ENOTCONN || errno == EINTR) return 0;
  return std::nullopt;
}

std::optional<std::size_t> TcpClient::read(MutableBytes out) {
  const auto size = recv(fd_.get(), out.data(), out.size(), 0);
  if (size > 0) return static_cast<std::size_t>(size);
  if (size < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINTR)) return 0;
  return std::nullopt;
}

}  // namespace bridgehall::io

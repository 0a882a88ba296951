#include "io/socket_address.h"

#include <cstring>

namespace bridgehall::io {

SocketAddress from_system(const sockaddr& address) {
  SocketAddress result;
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 six;
    std::memcpy(&six, &address, sizeof six);
    std::memcpy(result.ip.bytes.data(), &six.sin6_addr, 16);
    result.port = ntohs(six.sin6_port);
  } else if (address.sa_family == AF_INET) {
    sockaddr_in four;
    std::memcpy(&four, &address, sizeof four);
    std::uint8_t b[4];
    std::memcpy(b, &four.sin_addr, 4);
    result.ip = IpAddress::v4(b[0], b[1], b[2], b[3]);
    result.port = ntohs(four.sin_port);
  }
  return result;
}

sockaddr_in6 to_system_v6(const SocketAddress& address) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(address.port);
  std::memcpy(&six.sin6_addr, address.ip.bytes.data(), 16);
  return six;
}

sockaddr_in to_system_v4(const SocketAddress& address) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(address.port);
  std::memcpy(&four.sin_addr, address.ip.bytes.data() + 12, 4);
  return four;
}

}  // namespace bridgehall::io

// Between our SocketAddress and the system's sockaddr.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/address.h"

namespace bridgehall::io {

SocketAddress from_system(const sockaddr& address);

// For an AF_INET6 dual-stack socket (IPv4 as ::ffff:a.b.c.d) …
sockaddr_in6 to_system_v6(const SocketAddress& address);
// … and for an AF_INET one.
sockaddr_in to_system_v4(const SocketAddress& address);

}  // namespace bridgehall::io

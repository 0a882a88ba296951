// The Host of a request: which names are ours. A page from elsewhere whose name was made to point here (DNS rebinding)
// comes with its own Host. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "web/message.h"

namespace bridgehall::web {

// "localhost:8080", "[::1]:8080": the host without its port, brackets kept.
std::string_view host_name(std::string_view host);

// localhost, 127.0.0.1 or [::1], or one of `names`.
bool is_own_name(std::string_view name, std::span<const std::string> names);
// An address and no name: whoever has it in a URL was not led here by DNS.
bool is_address(std::string_view name);

// What to answer to a request that came over plain HTTP where TLS is spoken: its address with https (RFC 9110 section
// 15.4.9). nullopt: it is from this machine, or from a proxy on it, and may be answered. `local`: where it came to.
std::optional<Response> redirect_to_https(const Request& request, const SocketAddress& local,
                                          std::span<const std::string> names);

}  // namespace bridgehall::web

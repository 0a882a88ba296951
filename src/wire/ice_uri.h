// Addresses of STUN and TURN servers as browsers take them: "stun:host:port" (RFC 7064) and
// "turn:host:port?transport=tcp" (RFC 7065). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bridgehall::wire {

struct IceUri {
  bool relay = false;   // turn: and turns:
  bool secure = false;  // stuns: and turns:, over TLS
  std::string host;     // a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 0;
  bool tcp = false;  // what is spoken to the server

  bool operator==(const IceUri&) const = default;
};

// nullopt: none of the four schemes, no host, or something in it that does not belong there.
std::optional<IceUri> parse_ice_uri(std::string_view text);

}  // namespace bridgehall::wire

// An IP address and port, and the pair that makes a path. IPv4 is kept in its IPv4-mapped IPv6 form, so there is one
// kind of address everywhere; to_string() and the candidates show it as IPv4 again.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bridgehall {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
  // "192.0.2.1", "2001:db8::1"; no brackets, no zone.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  bool is_loopback() const;
  bool is_unspecified() const;  // 0.0.0.0, ::, or never set
  bool is_link_local() const;
  bool is_multicast() const;
  bool is_private() const;  // RFC 1918, RFC 4193, RFC 6598 (shared: a provider's NAT)
  std::string to_string() const;
  bool operator==(const IpAddress&) const = default;
};

struct SocketAddress {
  IpAddress ip{};
  std::uint16_t port = 0;

  std::string to_string() const;  // "192.0.2.1:8443", "[2001:db8::1]:8443"
  bool operator==(const SocketAddress&) const = default;
};

enum class Protocol : std::uint8_t { udp, tcp };  // tcp: framed by RFC 4571, ICE-TCP (RFC 6544)

// RFC 8445 section 4: an address and port with its protocol; UDP and TCP may use the same pair for different peers.
struct TransportAddress {
  SocketAddress address{};
  Protocol protocol = Protocol::udp;
  bool operator==(const TransportAddress&) const = default;
};

// The way of a datagram seen from here. `local` is the address it was sent to (IP_PKTINFO): answers leave from it.
struct NetworkPath {
  IpAddress local{};
  SocketAddress remote{};
  Protocol protocol = Protocol::udp;

  TransportAddress from() const { return {remote, protocol}; }
  bool operator==(const NetworkPath&) const = default;
};

}  // namespace bridgehall

template <>
struct std::hash<bridgehall::SocketAddress> {
  std::size_t operator()(const bridgehall::SocketAddress& a) const noexcept {
    std::uint64_t high, low;
    std::memcpy(&high, a.ip.bytes.data(), 8);
    std::memcpy(&low, a.ip.bytes.data() + 8, 8);
    std::uint64_t h = (high ^ (low * 0x9e3779b97f4a7c15u)) + a.port;
    h = (h ^ (h >> 31)) * 0xbf58476d1ce4e5b9u;
    return h ^ (h >> 29);
  }
};

template <>
struct std::hash<bridgehall::TransportAddress> {
  std::size_t operator()(const bridgehall::TransportAddress& a) const noexcept {
    return std::hash<bridgehall::SocketAddress>{}(a.address) ^ static_cast<std::size_t>(a.protocol);
  }
};

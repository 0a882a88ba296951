#include "base/address.h"

#include <algorithm>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace bridgehall {
namespace {
constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}

IpAddress IpAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find('\0') != text.npos) return std::nullopt;  // inet_pton would stop there and take what stands before
  const std::string terminated(text);
  IpAddress address;
  in_addr four;
  if (inet_pton(AF_INET, terminated.c_str(), &four) == 1) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    std::memcpy(address.bytes.data() + 12, &four, 4);
    return address;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](auto b) { return b == 0; }) && bytes[15] == 1;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes.begin() + (is_v4() ? 12 : 0), bytes.end(), [](auto b) { return b == 0; });
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes[12] == 169 && bytes[13] == 254;
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const { return is_v4() ? (bytes[12] & 0xf0) == 0xe0 : bytes[0] == 0xff; }

bool IpAddress::is_private() const {
  if (is_v4())
    return bytes[12] == 10 || (bytes[12] == 172 && (bytes[13] & 0xf0) == 16) ||
           (bytes[12] == 192 && bytes[13] == 168) || (bytes[12] == 100 && (bytes[13] & 0xc0) == 64);
  return (bytes[0] & 0xfe) == 0xfc;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  if (is_v4())
    inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
  else
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::string SocketAddress::to_string() const {
  return ip.is_v4() ? fmt::format("{}:{}", ip.to_string(), port) : fmt::format("[{}]:{}", ip.to_string(), port);
}

}  // namespace bridgehall

#include "wire/ice_uri.h"

#include <algorithm>
#include <charconv>

#include "base/address.h"

namespace bridgehall::wire {
namespace {

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

bool take_scheme(std::string_view& text, IceUri& uri) {
  struct Scheme {
    std::string_view name;
    bool relay, secure;
  };
  for (const auto& scheme : {Scheme{"stun:", false, false}, Scheme{"stuns:", false, true}, Scheme{"turn:", true, false},
                             Scheme{"turns:", true, true}}) {
    if (!text.starts_with(scheme.name)) continue;
    uri.relay = scheme.relay;
    uri.secure = scheme.secure;
    text.remove_prefix(scheme.name.size());
    return true;
  }
  return false;
}

bool take_host(std::string_view& text, IceUri& uri) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return false;
    uri.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    const auto ip = IpAddress::parse(uri.host);
    return ip && !ip->is_v4();
  }
  const auto end = std::min(text.find_first_of(":?"), text.size());
  uri.host = text.substr(0, end);
  text.remove_prefix(end);
  return !uri.host.empty() && uri.host.size() <= 253 &&
         std::all_of(uri.host.begin(), uri.host.end(), is_host_character);
}

bool take_port(std::string_view& text, IceUri& uri) {
  uri.port = uri.secure ? 5349 : 3478;
  if (!text.starts_with(':')) return true;
  const auto end = std::min(text.find('?'), text.size());
  const auto* last = text.data() + end;
  const auto [read, error] = std::from_chars(text.data() + 1, last, uri.port);
  if (error != std::errc() || read != last || uri.port == 0) return false;
  text.remove_prefix(end);
  return true;
}

}  // namespace

std::optional<IceUri> parse_ice_uri(std::string_view text) {
  IceUri uri;
  if (!take_scheme(text, uri) || !take_host(text, uri) || !take_port(text, uri)) return std::nullopt;
  uri.tcp = uri.secure;
  if (text.empty()) return uri;
  if (!uri.relay || (text != "?transport=udp" && text != "?transport=tcp")) return std::nullopt;
  uri.tcp = text == "?transport=tcp";
  return uri;
}

}  // namespace bridgehall::wire

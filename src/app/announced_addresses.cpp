#include "app/announced_addresses.h"

#include <algorithm>

#include <fmt/format.h>

namespace bridgehall::app {
namespace {

bool reachable(const IpAddress& ip) {
  return !ip.is_unspecified() && !ip.is_loopback() && !ip.is_link_local() && !ip.is_multicast();
}

bool contains(const std::vector<IpAddress>& list, const IpAddress& ip) {
  return std::find(list.begin(), list.end(), ip) != list.end();
}

void add_once(std::vector<IpAddress>& list, const IpAddress& ip) {
  if (!contains(list, ip)) list.push_back(ip);
}

}  // namespace

Result<ExternalAddress> parse_external_address(const std::string& text) {
  const auto slash = text.find('/');
  const auto external = IpAddress::parse(text.substr(0, slash));
  if (!external || !reachable(*external))
    return fail(fmt::format(
        "media.external_addresses has {}: write the IP address that clients outside reach, or that, a slash "
        "and this machine's own address behind it.",
        text));
  if (slash == std::string::npos) return ExternalAddress{*external, std::nullopt};
  const auto internal = IpAddress::parse(text.substr(slash + 1));
  if (!internal || !reachable(*internal))
    return fail(
        fmt::format("media.external_addresses has {}: after the slash stands this machine's own address.", text));
  if (external->is_v4() != internal->is_v4())
    return fail(fmt::format(
        "media.external_addresses has {}: both halves have to be IPv4, or both IPv6; a 1:1 NAT translates no further.",
        text));
  if (*external == *internal)
    return fail(fmt::format("media.external_addresses has {}: both halves are the same address.", text));
  return ExternalAddress{*external, *internal};
}

std::vector<IpAddress> announced_addresses(const Configuration& configuration, std::vector<IpAddress> machine) {
  std::vector<IpAddress> own;
  for (const auto& text : configuration.media_addresses) own.push_back(*IpAddress::parse(text));
  const auto& inside = own.empty() ? machine : own;

  std::vector<ExternalAddress> externals;
  for (const auto& text : configuration.media_external_addresses) externals.push_back(*parse_external_address(text));

  std::vector<IpAddress> announced;
  for (const auto& ip : inside) {
    if (ip.is_loopback()) continue;
    add_once(announced, ip);
    for (const auto& each : externals)
      if (each.internal == ip) add_once(announced, each.external);
  }
  for (const auto& each : externals)
    if (!each.internal) add_once(announced, each.external);
  for (const auto& ip : machine)
    if (ip.is_loopback()) add_once(announced, ip);
  return announced;
}

bool only_loopback(const std::vector<IpAddress>& addresses) {
  return std::all_of(addresses.begin(), addresses.end(), [](const auto& ip) { return ip.is_loopback(); });
}

std::string unusable_media_port(std::uint16_t port, const std::vector<IpAddress>& announced) {
  if (port >= 1024) return {};
  if (port != 80 && port != 443)
    return fmt::format(
        "media.port is {}, but browsers ignore media candidates with ports below 1024 other than 80 and 443: choose "
        "another one, such as 8443.",
        port);
  const auto found = std::find_if(announced.begin(), announced.end(), [](const auto& ip) { return ip.is_private(); });
  if (found == announced.end()) return {};
  return fmt::format(
      "media.port is {}, but browsers ignore media candidates with the ports 80 and 443 at private addresses, such as "
      "{}: choose another one, such as 8443.",
      port, found->to_string());
}

}  // namespace bridgehall::app

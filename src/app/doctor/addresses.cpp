#include "app/doctor/addresses.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/announced_addresses.h"
#include "io/interfaces.h"

namespace bridgehall::app::doctor {
namespace {

std::string list(const std::vector<IpAddress>& addresses) {
  std::string text;
  for (const auto& ip : addresses) {
    if (ip.is_loopback()) continue;
    text += text.empty() ? ip.to_string() : ", " + ip.to_string();
  }
  return text;
}

bool contains(const std::vector<IpAddress>& addresses, const IpAddress& ip) {
  return std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
}

}  // namespace

AddressFacts gather_addresses(const Configuration& configuration) {
  return {.configuration = configuration, .machine = io::local_addresses()};
}

Findings check_addresses(const AddressFacts& facts) {
  const auto& c = facts.configuration;
  const auto announced = announced_addresses(c, facts.machine);
  const auto port = std::to_string(c.media_port);
  Findings findings;
  if (only_loopback(announced)) return {make_finding(Level::problem, "address.loopback")};

  const bool private_only = std::all_of(announced.begin(), announced.end(),
                                        [](const auto& ip) { return ip.is_loopback() || ip.is_private(); });
  const Values values{{"addresses", list(announced)}, {"port", port}};
  findings.push_back(private_only ? make_finding(Level::attention, "address.private", values)
                                  : make_finding(Level::ok, "address.public", values));
  for (const auto& entry : c.media_external_addresses) {
    const auto parsed = parse_external_address(entry);
    if (parsed && parsed->internal && !contains(facts.machine, *parsed->internal))
      findings.push_back(make_finding(Level::problem, "address.unmatched",
                                      {{"entry", entry}, {"internal", parsed->internal->to_string()}}));
  }
  for (const auto& text : c.media_addresses) {
    if (const auto ip = IpAddress::parse(text); ip && !contains(facts.machine, *ip))
      findings.push_back(make_finding(Level::attention, "address.foreign", {{"address", text}, {"port", port}}));
  }
  if (!unusable_media_port(static_cast<std::uint16_t>(c.media_port), announced).empty())
    findings.push_back(make_finding(Level::problem, "port.ignored", {{"port", port}}));
  const bool ipv6 =
      std::any_of(announced.begin(), announced.end(), [](const auto& ip) { return !ip.is_v4() && !ip.is_loopback(); });
  findings.push_back(make_finding(Level::ok, ipv6 ? "address.ipv6" : "address.ipv4only"));
  return findings;
}

}  // namespace bridgehall::app::doctor

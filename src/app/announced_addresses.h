// Which addresses the server names to clients as those of its media. Pure: settings and the machine's addresses in, the
// list for the candidates out. docs/operations.md, Addresses, explains.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "base/address.h"

namespace bridgehall::app {

// 1:1 NAT: what is sent to `external` arrives at `internal` with the same port.
struct ExternalAddress {
  IpAddress external;
  std::optional<IpAddress> internal;  // none: the machine's one address, whichever that is
};

inline constexpr std::size_t kMaxExternalAddresses = 16;  // each is a line in every answer

// "203.0.113.7" or "203.0.113.7/10.0.0.5". The failure is a whole sentence.
Result<ExternalAddress> parse_external_address(const std::string& text);

// Those of the machine (or of the setting media.addresses, which then stands for them), each followed by what it is
// called from outside; loopback in any case, for clients on this machine.
//
// An external address is announced as a host candidate. RFC 8445 section 5.2 gives an ICE-lite agent host candidates
// only, and to whoever is outside it is just that: an address with this port that reaches us. It stands after the
// internal one, with lower local preference, so clients inside use the short way first and need no hairpin of the NAT.
std::vector<IpAddress> announced_addresses(const Configuration& configuration, std::vector<IpAddress> machine);

bool only_loopback(const std::vector<IpAddress>& addresses);

// Why browsers would ignore candidates with this port at one of these addresses, as a sentence; empty: they do not.
// Browsers take ports below 1024 for other services' (libwebrtc: all but 80 and 443, and those at private addresses).
std::string unusable_media_port(std::uint16_t port, const std::vector<IpAddress>& announced);

}  // namespace bridgehall::app

// The machine's own addresses.
#pragma once

#include <vector>

#include "base/address.h"

namespace bridgehall::io {

// Addresses of all interfaces that are up, loopback included, IPv6 link-local left out (they mean nothing without a
// zone). IPv4 first. Empty only when the system cannot be asked.
std::vector<IpAddress> local_addresses();

}  // namespace bridgehall::io

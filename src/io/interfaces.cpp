#include "io/interfaces.h"

#include <algorithm>

#include <ifaddrs.h>
#include <net/if.h>

#include "io/socket_address.h"

namespace bridgehall::io {

std::vector<IpAddress> local_addresses() {
  std::vector<IpAddress> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || !(entry->ifa_flags & IFF_UP)) continue;
    if (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6) continue;
    const auto ip = from_system(*entry->ifa_addr).ip;
    if (!ip.is_link_local() && std::find(addresses.begin(), addresses.end(), ip) == addresses.end())
      addresses.push_back(ip);
  }
  freeifaddrs(list);
  std::stable_partition(addresses.begin(), addresses.end(), [](const IpAddress& ip) { return ip.is_v4(); });
  return addresses;
}

}  // namespace bridgehall::io

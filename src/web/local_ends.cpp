#include "web/local_ends.h"

#include "base/random_text.h"

namespace bridgehall::web {

std::string LocalEnds::make_cname() { return random_hex(random_, 8); }

session::LocalEnd LocalEnds::make(const session::IceCredentials& credentials, const std::string& cname,
                                  const SocketAddress& client) {
  session::LocalEnd local;
  local.credentials = credentials;
  local.fingerprint = fingerprint_;
  local.candidates = candidates_for(client);
  local.session_id = std::to_string(random_.u64() >> 1);  // RFC 9429 section 5.2.1: 63 bits
  local.cname = cname;
  return local;
}

// Loopback only for a client on this machine, and last: Firefox sends no checks to it, and a browser without permission
// for the microphone has only the default route's address.
std::vector<TransportAddress> LocalEnds::candidates_for(const SocketAddress& client) const {
  std::vector<TransportAddress> candidates;
  const auto add = [&](std::uint16_t port, Protocol protocol) {
    for (const bool loopback : {false, true})
      for (const auto& ip : addresses_)
        if (ip.is_loopback() == loopback && (!loopback || client.ip.is_loopback()) &&
            (protocol == Protocol::udp || is_dialled(ip, port)))
          candidates.push_back({{ip, port}, protocol});
  };
  add(media_port_, Protocol::udp);
  for (const auto port : tcp_ports_) add(port, Protocol::tcp);
  return candidates;
}

bool LocalEnds::is_dialled(const IpAddress& ip, std::uint16_t port) {
  return (port != 80 && port != 443) || !(ip.is_private() || ip.is_loopback());
}

}  // namespace bridgehall::web

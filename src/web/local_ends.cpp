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
std::vector<SocketAddress> LocalEnds::candidates_for(const SocketAddress& client) const {
  std::vector<SocketAddress> candidates;
  for (const auto& ip : addresses_)
    if (!ip.is_loopback()) candidates.push_back({ip, media_port_});
  if (client.ip.is_loopback()) {
    for (const auto& ip : addresses_)
      if (ip.is_loopback()) candidates.push_back({ip, media_port_});
  }
  return candidates;
}

}  // namespace bridgehall::web

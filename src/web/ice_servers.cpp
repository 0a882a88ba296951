#include "web/ice_servers.h"

#include <fmt/format.h>

#include "base/random_text.h"
#include "crypto/turn_credential.h"

namespace bridgehall::web {

std::vector<IceServer> IceServers::make(crypto::UnixTime now) {
  auto servers = settings_.fixed;
  if (settings_.shared_turn.empty()) return servers;
  const auto made = crypto::make_turn_credential(settings_.secret, random_hex(random_, 8), now + settings_.lifetime);
  for (const auto& url : settings_.shared_turn) servers.push_back({url, made.username, made.password});
  return servers;
}

Duration IceServers::renewal() const {
  return settings_.shared_turn.empty() ? Duration::max() : Duration(settings_.lifetime) / 2;
}

void add_ice_server_links(Headers& headers, const std::vector<IceServer>& servers) {
  for (const auto& server : servers) {
    auto link = fmt::format("<{}>; rel=\"ice-server\"", server.url);
    if (!server.username.empty()) link += fmt::format("; username=\"{}\"", server.username);
    if (!server.credential.empty())
      link += fmt::format("; credential=\"{}\"; credential-type=\"password\"", server.credential);
    headers.add("Link", std::move(link));
  }
}

}  // namespace bridgehall::web

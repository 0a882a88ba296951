// Our side of every session: what answers say about us. Control thread.
#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "base/random.h"
#include "session/negotiation.h"
#include "web/media_core.h"

namespace bridgehall::web {

class LocalEnds {
 public:
  LocalEnds(crypto::Fingerprint fingerprint, std::uint16_t media_port, RandomSource& random, const MediaCore& core)
      : fingerprint_(std::move(fingerprint)), media_port_(media_port), random_(random), core_(core) {}

  // The machine's addresses that candidates are made of.
  void set_addresses(std::vector<IpAddress> addresses) { addresses_ = std::move(addresses); }

  // Where media are taken over TCP (RFC 6544), the best first.
  void set_tcp_ports(std::vector<std::uint16_t> ports) { tcp_ports_ = std::move(ports); }

  // Of a new session: they name the shard at which it will live.
  session::IceCredentials make_credentials() {
    return session::make_ice_credentials(random_, media::shard_prefix(core_.lightest_shard()));
  }
  // Of a session's next ICE generation, at the same shard.
  session::IceCredentials renew_credentials(const session::IceCredentials& before) {
    return session::make_ice_credentials(random_, std::string_view(before.ufrag).substr(0, 1));
  }
  std::string make_cname();
  session::LocalEnd make(const session::IceCredentials& credentials, const std::string& cname,
                         const SocketAddress& client);
  // Those that `client` could reach: UDP before TCP.
  std::vector<TransportAddress> candidates_for(const SocketAddress& client) const;

 private:
  // Browsers leave out candidates at the web's ports of private addresses.
  static bool is_dialled(const IpAddress& ip, std::uint16_t port);

  crypto::Fingerprint fingerprint_;
  std::uint16_t media_port_;
  RandomSource& random_;
  const MediaCore& core_;
  std::vector<IpAddress> addresses_;
  std::vector<std::uint16_t> tcp_ports_;
};

}  // namespace bridgehall::web

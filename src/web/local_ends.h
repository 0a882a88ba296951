// Our side of every session: what answers say about us. Control thread.
#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "base/random.h"
#include "session/negotiation.h"

namespace bridgehall::web {

class LocalEnds {
 public:
  LocalEnds(crypto::Fingerprint fingerprint, std::uint16_t media_port, RandomSource& random)
      : fingerprint_(std::move(fingerprint)), media_port_(media_port), random_(random) {}

  // The machine's addresses that candidates are made of.
  void set_addresses(std::vector<IpAddress> addresses) { addresses_ = std::move(addresses); }

  session::IceCredentials make_credentials() { return session::make_ice_credentials(random_); }
  std::string make_cname();
  session::LocalEnd make(const session::IceCredentials& credentials, const std::string& cname,
                         const SocketAddress& client);
  // Those that `client` could reach.
  std::vector<SocketAddress> candidates_for(const SocketAddress& client) const;

 private:
  crypto::Fingerprint fingerprint_;
  std::uint16_t media_port_;
  RandomSource& random_;
  std::vector<IpAddress> addresses_;
};

}  // namespace bridgehall::web

// The STUN and TURN servers that clients are told of. Those that share a secret with us get credentials made anew for
// each session (crypto/turn_credential.h), with a random label that names nobody. Owned by Control; control thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "crypto/token.h"
#include "web/message.h"

namespace bridgehall::web {

struct IceServer {
  std::string url;       // "turn:turn.example.org:3478?transport=udp"
  std::string username;  // empty: none is needed
  std::string credential;
};

struct IceServerSettings {
  std::vector<IceServer> fixed;          // handed out as they are
  std::vector<std::string> shared_turn;  // URLs of servers that know `secret`
  std::string secret;
  std::chrono::seconds lifetime{3600};  // of a credential
};

class IceServers {
 public:
  static constexpr std::size_t kMax = 16;  // as many as the signalling messages hold

  IceServers(IceServerSettings settings, RandomSource& random) : settings_(std::move(settings)), random_(random) {}

  std::vector<IceServer> make(crypto::UnixTime now);
  // After how long whoever stays is to be given new ones: half of a credential's life, so that one that was just given
  // still serves long enough to find a new way. kNever's distance when nothing expires.
  Duration renewal() const;

 private:
  IceServerSettings settings_;
  RandomSource& random_;
};

// A Link field for each (RFC 9725 section 4.6).
void add_ice_server_links(Headers& headers, const std::vector<IceServer>& servers);

}  // namespace bridgehall::web

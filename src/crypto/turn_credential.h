// Credentials of limited time for TURN servers that share a secret with us: draft-uberti-behave-turn-rest, which
// coturn's use-auth-secret speaks. The name says until when; the password proves that we made it. Nothing is stored.
#pragma once

#include <string>
#include <string_view>

#include "crypto/token.h"

namespace bridgehall::crypto {

struct TurnCredential {
  std::string username;  // "<Unix time of expiry>:<label>"
  std::string password;  // base64(HMAC-SHA1(secret, username))
};

// `label` shows in the TURN server's log: it must not name a person.
TurnCredential make_turn_credential(std::string_view secret, std::string_view label, UnixTime expires_at);

}  // namespace bridgehall::crypto

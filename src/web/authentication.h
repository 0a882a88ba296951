// Bearer tokens (RFC 6750) to who they are for, or to a refusal in words. What an invitation's token may do is looked
// up here, so that an invitation that was renewed is worth nothing at once. Pure but for the key.
#pragma once

#include <expected>

#include "conference/host.h"
#include "crypto/token.h"
#include "web/message.h"

namespace bridgehall::web {

struct Identity {
  conference::Principal principal;
  std::string conference;
};

struct TokenRefusal {
  bool expired = false;  // another one of the same kind would do
  std::string message;   // a whole sentence
};

std::expected<Identity, TokenRefusal> identify(std::string_view token, const crypto::TokenKey& key,
                                               const conference::Host& host, crypto::UnixTime now);
std::expected<Identity, Response> authenticate(const Request& request, const crypto::TokenKey& key,
                                               const conference::Host& host, crypto::UnixTime now);

// Whoever runs the server. A role of its own, not one of a conference: such a token opens no conference, and no
// conference's token shows the server's inside.
inline constexpr std::string_view kAdministrator = "administrator";
inline constexpr std::string_view kNoConference = "*";  // in the place of one: no conference could be called so
std::optional<Response> refuse_all_but_administrators(const Request& request, const crypto::TokenKey& key,
                                                      crypto::UnixTime now);

}  // namespace bridgehall::web

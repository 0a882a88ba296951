// Bearer tokens (RFC 6750) to what they say, or to a refusal in words. Pure but for the key.
#pragma once

#include <expected>

#include "conference/directory.h"
#include "crypto/token.h"
#include "web/message.h"

namespace bridgehall::web {

struct Identity {
  conference::Principal principal;
  std::string conference;
};

std::expected<Identity, Response> authenticate(const Request& request, const crypto::TokenKey& key,
                                               crypto::UnixTime now);

}  // namespace bridgehall::web

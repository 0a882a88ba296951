// What both ends of ICE do with a connectivity check that they receive (RFC 8445 section 7.3).
#pragma once

#include "base/address.h"
#include "session/ice_agent.h"
#include "wire/stun.h"

namespace bridgehall::session {

// Is a check for `local` from `remote`: "local:remote"?
bool is_check_username(std::string_view text, const IceCredentials& local, const IceCredentials& remote);

// Answers with where the check came from, sealed with the password of the one who answers.
void answer_check(const wire::StunMessage& check, const NetworkPath& path, std::string_view password,
                  TransportOutbox& out);

}  // namespace bridgehall::session

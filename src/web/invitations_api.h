// What a link's invitation is exchanged for, and how it is renewed. Pure functions over the host.
#pragma once

#include <functional>

#include "base/result.h"
#include "conference/host.h"
#include "crypto/token.h"
#include "web/authentication.h"
#include "web/instant.h"
#include "web/message.h"

namespace bridgehall::web {

// Long enough to look at oneself before joining; a page asks again before each connection.
inline constexpr std::chrono::minutes kInvitationTokenLife{10};

// Writes a roster down, whole or not at all.
using SaveRoster = std::function<Result<void>(const conference::Roster&)>;

// POST /api/invitations/exchange with {"invitation": "…"}
Response exchange_invitation(const conference::Host& host, const crypto::TokenKey& key, const Request& request,
                             const Instant& now);
// POST /api/conferences/{conference}/seats/{seat}/invitation: moderators only.
Response renew_invitation(conference::Host& host, const std::string& conference, const std::string& seat,
                          const Identity& identity, const SaveRoster& save, const Instant& now);

}  // namespace bridgehall::web

// Which requests ask for a WebSocket (RFC 6455 section 4.2.1), and what is wrong with those that do. Pure.
#pragma once

#include <optional>

#include "web/message.h"

namespace bridgehall::web {

inline constexpr std::string_view kLinkRoute = "/api/conferences/{conference}/signalling";

// The conference whose links a target like the above names.
std::optional<std::string> link_conference(const Request& request);

bool asks_for_websocket(const Request& request);

// nullopt: it may be accepted.
std::optional<Response> refuse_handshake(const Request& request);

// For a request that should have asked for one.
Response make_upgrade_required();

}  // namespace bridgehall::web

// Short-term credentials on STUN messages (RFC 8489 section 9.1), as both ends of ICE use them.
#pragma once

#include <string_view>

#include "wire/stun.h"

namespace bridgehall::session {

// True when the message carries a MESSAGE-INTEGRITY made with `password`.
bool is_authentic(BytesView datagram, const wire::StunMessage& message, std::string_view password);

// Appends MESSAGE-INTEGRITY and FINGERPRINT; returns the size of the message, 0 when it did not fit.
std::size_t seal_stun(wire::StunWriter& writer, std::string_view password);

}  // namespace bridgehall::session

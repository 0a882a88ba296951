// One TCP port for everything: what a client wants is told by the first bytes it sends. Pure.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace bridgehall::web {

enum class FirstBytes : std::uint8_t {
  undecided,  // more are needed; kDecidingBytes always suffice
  tls,        // a handshake record
  http,       // a method: a letter
  ice_tcp,    // a STUN message framed by RFC 4571
  unknown,
};

// Length (RFC 4571), then type, length and magic cookie of STUN (RFC 8489 section 5).
inline constexpr std::size_t kDecidingBytes = 10;

FirstBytes classify_first_bytes(BytesView bytes);

}  // namespace bridgehall::web

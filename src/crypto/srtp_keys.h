// Session keys of SRTP: what the key derivation of RFC 3711 section 4.3 makes of one master key (key derivation rate 0,
// so once per session). Plain values, wiped by nobody: they live exactly as long as the Sealer or Opener made from
// them.
#pragma once

#include <array>
#include <cstdint>

#include "crypto/srtp.h"

namespace bridgehall::crypto {

// Keys of one direction of RTP or of RTCP. With AES-GCM the first 12 bytes of the salt count and there is no
// authentication key (RFC 7714 section 11).
struct SessionKey {
  std::array<std::uint8_t, 16> cipher_key{};
  std::array<std::uint8_t, 14> salt{};
  std::array<std::uint8_t, 20> authentication_key{};
};

struct SessionKeys {
  SessionKey rtp;
  SessionKey rtcp;
};

SessionKeys derive_session_keys(SrtpSuite suite, const SrtpKey& master);

}  // namespace bridgehall::crypto

// Nonces and the two ciphers behind Sealer and Opener. RTP and RTCP of one direction have a cipher each.
#pragma once

#include <variant>

#include "crypto/aes_cm_sha1.h"
#include "crypto/aes_gcm.h"
#include "crypto/srtp_keys.h"

namespace bridgehall::crypto {

// RFC 7714 section 8.1: zeros, SSRC, rollover counter, sequence number, XORed with the salt. SRTCP (section 9.1) has
// its 31-bit index where RTP has the low 32 bits of its 48.
inline AesGcm::Nonce gcm_nonce(const std::array<std::uint8_t, 14>& salt, std::uint32_t ssrc, std::uint64_t index) {
  AesGcm::Nonce nonce{};
  store_u32(nonce.data() + 2, ssrc);
  store_u16(nonce.data() + 6, static_cast<std::uint16_t>(index >> 32));
  store_u32(nonce.data() + 8, static_cast<std::uint32_t>(index));
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] ^= salt[i];
  return nonce;
}

struct GcmCipher {
  GcmCipher(const SessionKey& key, GcmEngine engine, AesGcm::Direction direction)
      : salt(key.salt), aes(key.cipher_key, engine, direction) {}
  AesGcm::Nonce nonce(std::uint32_t ssrc, std::uint64_t index) const { return gcm_nonce(salt, ssrc, index); }

  std::array<std::uint8_t, 14> salt;
  AesGcm aes;
};

using SrtpCipher = std::variant<std::monostate, GcmCipher, AesCmSha1>;

inline void make_cipher(SrtpCipher& cipher, SrtpSuite suite, const SessionKey& key, GcmEngine engine,
                        AesGcm::Direction direction) {
  if (suite == SrtpSuite::aead_aes_128_gcm) {
    cipher.emplace<GcmCipher>(key, engine, direction);
  } else {
    cipher.emplace<AesCmSha1>(key);
  }
}

// SRTCP (RFC 3711 section 3.4): the first header and the sender's SSRC stay in clear; the last word carries the
// "encrypted" bit and the index.
inline constexpr std::size_t kRtcpClearSize = 8;
inline constexpr std::size_t kRtcpIndexSize = 4;
inline constexpr std::uint32_t kRtcpEncrypted = 0x8000'0000;
inline constexpr std::uint32_t kMaxRtcpIndex = 0x7fff'ffff;

}  // namespace bridgehall::crypto

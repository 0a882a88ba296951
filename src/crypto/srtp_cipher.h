// Nonces and the two ciphers behind Sealer and Opener. RTP and RTCP of one direction have a cipher each.
#pragma once

#include <bit>
#include <cstring>
#include <variant>

#include "crypto/aes_cm_sha1.h"
#include "crypto/aes_gcm.h"
#include "crypto/srtp_keys.h"

namespace bridgehall::crypto {

// RFC 7714 section 8.1: zeros, SSRC, rollover counter, sequence number, XORed with the salt. SRTCP (section 9.1) has
// its 31-bit index where RTP has the low 32 bits of its 48.
struct GcmCipher {
  GcmCipher(const SessionKey& key, GcmEngine engine, AesGcm::Direction direction)
      : aes(key.cipher_key, engine, direction) {
    std::memcpy(&salt, key.salt.data(), 12);
  }
  AesGcm::Nonce nonce(std::uint32_t ssrc, std::uint64_t index) const {
    const std::uint64_t high = std::uint64_t{ssrc} << 16 | (index >> 32 & 0xffff);
    const auto low = static_cast<std::uint32_t>(index);
    return {AesGcm::Nonce::Words{to_network(high), to_network(std::uint64_t{low} << 32)} ^ salt};
  }

  AesGcm::Nonce::Words salt{};
  AesGcm aes;

 private:
  static std::uint64_t to_network(std::uint64_t value) {
    return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
  }
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

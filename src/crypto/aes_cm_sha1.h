// AES-128 in counter mode with a truncated HMAC-SHA1 (RFC 3711 sections 4.1.1 and 4.2.1) with fixed keys, for clients
// that have no AES-GCM. No allocation per packet. Owned by a Sealer or Opener, so used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/bytes.h"
#include "crypto/srtp_keys.h"

namespace bridgehall::crypto {

class AesCmSha1 {
 public:
  static constexpr std::size_t kTagSize = 10;
  using Tag = std::array<std::uint8_t, kTagSize>;

  explicit AesCmSha1(const SessionKey& key);
  AesCmSha1(const AesCmSha1&) = delete;
  AesCmSha1& operator=(const AesCmSha1&) = delete;

  // Goes to the start of the keystream of this SSRC and index; apply() then walks along it.
  void start(std::uint32_t ssrc, std::uint64_t index);
  // XORs the next input.size() keystream bytes; `out` may be the input itself.
  void apply(BytesView input, std::uint8_t* out);

  // HMAC over the authenticated portion and what follows it in the reckoning but not on the wire (the rollover
  // counter).
  Tag authenticate(BytesView portion, BytesView suffix) const;

 private:
  std::array<std::uint8_t, 14> salt_;
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher_;
  SHA_CTX inner_;  // after the key's inner pad
  SHA_CTX outer_;  // after its outer pad
};

}  // namespace bridgehall::crypto

// SHA-1's plain state can be copied without allocation; OpenSSL 3.0's EVP_MAC allocates each time it starts over.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/aes_cm_sha1.h"

#include "base/check.h"

namespace bridgehall::crypto {

AesCmSha1::AesCmSha1(const SessionKey& key) : salt_(key.salt), cipher_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
  BRIDGEHALL_CHECK(cipher_ != nullptr);
  const bool ready = EVP_EncryptInit_ex(cipher_.get(), EVP_aes_128_ctr(), nullptr, key.cipher_key.data(), nullptr) == 1;
  BRIDGEHALL_CHECK(ready);

  std::array<std::uint8_t, SHA_CBLOCK> inner_pad, outer_pad;  // RFC 2104 section 2
  inner_pad.fill(0x36);
  outer_pad.fill(0x5c);
  for (std::size_t i = 0; i < key.authentication_key.size(); ++i) {
    inner_pad[i] ^= key.authentication_key[i];
    outer_pad[i] ^= key.authentication_key[i];
  }
  SHA1_Init(&inner_);
  SHA1_Update(&inner_, inner_pad.data(), inner_pad.size());
  SHA1_Init(&outer_);
  SHA1_Update(&outer_, outer_pad.data(), outer_pad.size());
}

void AesCmSha1::start(std::uint32_t ssrc, std::uint64_t index) {
  // IV = (salt << 16) XOR (SSRC << 64) XOR (index << 16), RFC 3711 section 4.1.1.
  std::array<std::uint8_t, 16> counter{};
  store_u32(counter.data() + 4, ssrc);
  store_u32(counter.data() + 8, static_cast<std::uint32_t>(index >> 16));
  store_u16(counter.data() + 12, static_cast<std::uint16_t>(index));
  for (std::size_t i = 0; i < salt_.size(); ++i) counter[i] ^= salt_[i];
  const bool started = EVP_EncryptInit_ex(cipher_.get(), nullptr, nullptr, nullptr, counter.data()) == 1;
  BRIDGEHALL_CHECK(started);
}

void AesCmSha1::apply(BytesView input, std::uint8_t* out) {
  if (input.empty()) return;
  int written = 0;
  const bool applied =
      EVP_EncryptUpdate(cipher_.get(), out, &written, input.data(), static_cast<int>(input.size())) == 1;
  BRIDGEHALL_CHECK(applied);
}

AesCmSha1::Tag AesCmSha1::authenticate(BytesView portion, BytesView suffix) const {
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA_CTX hash = inner_;
  SHA1_Update(&hash, portion.data(), portion.size());
  SHA1_Update(&hash, suffix.data(), suffix.size());
  SHA1_Final(digest.data(), &hash);
  hash = outer_;
  SHA1_Update(&hash, digest.data(), digest.size());
  SHA1_Final(digest.data(), &hash);
  Tag tag;
  std::copy_n(digest.begin(), kTagSize, tag.begin());
  return tag;
}

}  // namespace bridgehall::crypto

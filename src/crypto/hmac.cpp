#include "crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace bridgehall::crypto {
namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> hmac(const EVP_MD* digest, BytesView key, BytesView message) {
  static constexpr std::uint8_t kNothing = 0;  // OpenSSL reads a null key as "the key of before"
  std::array<std::uint8_t, Size> code;
  unsigned size = 0;
  const auto* made = HMAC(digest, key.empty() ? &kNothing : key.data(), static_cast<int>(key.size()), message.data(),
                          message.size(), code.data(), &size);
  BRIDGEHALL_CHECK(made != nullptr && size == Size);
  return code;
}

}  // namespace

std::array<std::uint8_t, 20> hmac_sha1(BytesView key, BytesView message) { return hmac<20>(EVP_sha1(), key, message); }

std::array<std::uint8_t, 32> hmac_sha256(BytesView key, BytesView message) {
  return hmac<32>(EVP_sha256(), key, message);
}

bool equal_in_constant_time(BytesView a, BytesView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace bridgehall::crypto

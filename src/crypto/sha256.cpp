#include "crypto/sha256.h"

#include <array>

#include "base/check.h"

namespace bridgehall::crypto {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  BRIDGEHALL_CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(BytesView bytes) {
  BRIDGEHALL_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() && {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::uint8_t, 32> digest;
  unsigned size = 0;
  BRIDGEHALL_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1 && size == digest.size());
  std::string text;
  for (const auto byte : digest) text += {kDigits[byte >> 4], kDigits[byte & 15]};
  return text;
}

std::string sha256_hex(std::string_view text) {
  Sha256 hash;
  hash.update(as_bytes_view(text));
  return std::move(hash).finish();
}

}  // namespace bridgehall::crypto

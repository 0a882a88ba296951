#include "crypto/turn_credential.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "crypto/hmac.h"

namespace bridgehall::crypto {
namespace {

BytesView bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

}  // namespace

TurnCredential make_turn_credential(std::string_view secret, std::string_view label, UnixTime expires_at) {
  TurnCredential made{.username = fmt::format("{}:{}", expires_at.time_since_epoch().count(), label), .password = {}};
  const auto code = hmac_sha1(bytes_of(secret), bytes_of(made.username));
  std::array<unsigned char, 29> text;  // 20 octets in base64, and the zero that OpenSSL writes after them
  const auto size = EVP_EncodeBlock(text.data(), code.data(), static_cast<int>(code.size()));
  made.password.assign(text.begin(), text.begin() + size);
  return made;
}

}  // namespace bridgehall::crypto

// Tokens from strangers, and what JSON readers make of them. The first byte chooses: the rest is a whole token, or
// claims that are then signed with the true key. Held: nothing but our key's signature is accepted, and what is
// accepted is complete and in its time.
#include <string>

#include "base/check.h"
#include "crypto/base64url.h"
#include "crypto/hmac.h"
#include "crypto/token.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::crypto;

constexpr std::array<std::uint8_t, 32> kSecret = {42};
constexpr UnixTime kNow{std::chrono::seconds{1'800'000'000}};

void verify_stranger(const TokenKey& key, std::string_view token) {
  BRIDGEHALL_CHECK(!key.verify(token, kNow).has_value());
}

void verify_signed_claims(const TokenKey& key, std::string_view claims) {
  const auto own = key.sign({.conference = "c", .role = "r"});
  const auto text = own.substr(0, own.find('.') + 1) + to_base64url(as_bytes_view(claims));
  const auto read = key.verify(text + '.' + to_base64url(hmac_sha256(kSecret, as_bytes_view(text))), kNow);
  if (!read) return;
  BRIDGEHALL_CHECK(!read->conference.empty() && !read->role.empty() && !read->subject.empty());
  BRIDGEHALL_CHECK(read->expires_at > kNow && read->issued_at <= kNow + std::chrono::seconds{60});
}

void sign_and_verify(const TokenKey& key, std::string_view name) {
  const auto token = key.sign({.conference = "c",
                               .role = "r",
                               .name = std::string(name.substr(0, 500)),
                               .issued_at = kNow,
                               .expires_at = kNow + std::chrono::seconds{1}});
  BRIDGEHALL_CHECK(token.size() > 4096 || key.verify(token, kNow).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TokenKey key(kSecret);
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      verify_stranger(key, rest);
      break;
    case 1:
      verify_signed_claims(key, rest);
      break;
    case 2:
      sign_and_verify(key, rest);
      break;
    default: {
      const auto bytes = from_base64url(rest);
      BRIDGEHALL_CHECK(!bytes || to_base64url(*bytes) == rest);
      break;
    }
  }
  return 0;
}

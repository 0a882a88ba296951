// Access tokens: JWT (RFC 7519) signed with HMAC-SHA256 by the server's own key. The algorithm is fixed: a token that
// names another is refused (RFC 8725 section 3.1).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace bridgehall::crypto {

using UnixTime = std::chrono::sys_seconds;

struct TokenClaims {
  std::string conference;
  std::string role;     // one of conference::Role's names
  std::string subject;  // who: a seat's or site's id; a random one when not given
  std::string name;     // shown to people; may be empty
  // Of an invitation: which of the seat's it was; the server looks role and seat up then. 0: the token speaks for
  // itself.
  std::uint32_t serial = 0;
  UnixTime issued_at{};
  UnixTime expires_at{};
};

enum class TokenError : std::uint8_t { malformed, wrong_algorithm, wrong_key, bad_signature, not_yet_valid, expired };

class TokenKey {
 public:
  // The key in `path`, made there (mode 0600, written whole or not at all) when the file does not exist.
  // Refuses a file that others can read.
  static Result<TokenKey> load_or_create(const std::string& path, RandomSource& random);
  explicit TokenKey(std::array<std::uint8_t, 32> secret);

  std::string sign(const TokenClaims& claims) const;
  // `now` is wall time; 60 s of clock skew are allowed for nbf/iat, none for exp.
  std::expected<TokenClaims, TokenError> verify(std::string_view token, UnixTime now) const;

 private:
  std::array<std::uint8_t, 32> secret_{};
  std::string key_id_;
};

}  // namespace bridgehall::crypto

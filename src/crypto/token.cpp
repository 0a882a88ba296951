#include "crypto/token.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "crypto/base64url.h"
#include "crypto/hmac.h"
#include "crypto/system_random.h"

namespace bridgehall::crypto {
namespace {

using nlohmann::json;

constexpr std::string_view kAlgorithm = "HS256";
constexpr std::string_view kIssuer = "bridgehall";
constexpr std::size_t kMaxToken = 4096;
constexpr std::int64_t kMaxTime = std::int64_t{1} << 53;  // RFC 8259 section 6: integers that every reader keeps exact
constexpr std::chrono::seconds kClockSkew{60};

std::string random_id() {
  std::array<std::uint8_t, 12> bytes;
  SystemRandom().fill(bytes);
  return to_base64url(bytes);
}

std::string encode(const json& object) {
  return to_base64url(as_bytes_view(object.dump(-1, ' ', false, json::error_handler_t::replace)));
}

std::optional<json> decode_object(std::string_view part) {
  const auto bytes = from_base64url(part);
  if (!bytes) return std::nullopt;
  auto object = json::parse(bytes->begin(), bytes->end(), nullptr, false);
  if (!object.is_object()) return std::nullopt;
  return object;
}

std::optional<std::string> text_claim(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<UnixTime> time_claim(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto seconds = found->get<std::uint64_t>();
  if (seconds > kMaxTime) return std::nullopt;
  return UnixTime{std::chrono::seconds{static_cast<std::int64_t>(seconds)}};
}

struct TokenParts {
  std::string_view header, claims, signature, signed_text;
};

std::optional<TokenParts> split(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos || token.size() > kMaxToken) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return TokenParts{.header = token.substr(0, first),
                    .claims = token.substr(first + 1, second - first - 1),
                    .signature = token.substr(second + 1),
                    .signed_text = token.substr(0, second)};
}

std::expected<void, TokenError> check_header(const json& header, std::string_view key_id) {
  if (text_claim(header, "alg") != kAlgorithm) return std::unexpected(TokenError::wrong_algorithm);
  if (header.contains("crit")) return std::unexpected(TokenError::malformed);  // RFC 7515 section 4.1.11
  if (header.contains("typ") && text_claim(header, "typ") != "JWT") return std::unexpected(TokenError::malformed);
  if (text_claim(header, "kid") != key_id) return std::unexpected(TokenError::wrong_key);
  return {};
}

std::expected<TokenClaims, TokenError> read_claims(const json& object, UnixTime now) {
  const auto conference = text_claim(object, "conf"), role = text_claim(object, "role");
  const auto subject = text_claim(object, "sub"), name = text_claim(object, "name"), id = text_claim(object, "jti");
  const auto issued = time_claim(object, "iat"), begins = time_claim(object, "nbf"), ends = time_claim(object, "exp");
  const bool complete = conference && role && subject && name && id && issued && begins && ends;
  if (!complete || conference->empty() || role->empty() || subject->empty() || id->empty()) {
    return std::unexpected(TokenError::malformed);
  }
  if (text_claim(object, "iss") != kIssuer) return std::unexpected(TokenError::malformed);
  if (now + kClockSkew < std::max(*begins, *issued)) return std::unexpected(TokenError::not_yet_valid);
  if (now >= *ends) return std::unexpected(TokenError::expired);
  std::uint32_t serial = 0;
  if (const auto found = object.find("inv"); found != object.end()) {
    if (!found->is_number_unsigned() || *found == 0u || *found > 0xffff'ffffu)
      return std::unexpected(TokenError::malformed);
    serial = found->get<std::uint32_t>();
  }
  return TokenClaims{.conference = *conference,
                     .role = *role,
                     .subject = *subject,
                     .name = *name,
                     .serial = serial,
                     .issued_at = *issued,
                     .expires_at = *ends};
}

}  // namespace

TokenKey::TokenKey(std::array<std::uint8_t, 32> secret) : secret_(secret) {
  // Says which key signed and nothing about it.
  const auto digest = hmac_sha256(secret_, as_bytes_view("bridgehall key id"));
  key_id_ = to_base64url(BytesView(digest).first(9));
}

std::string TokenKey::sign(const TokenClaims& claims) const {
  const json header = {{"alg", kAlgorithm}, {"typ", "JWT"}, {"kid", key_id_}};
  const auto issued = claims.issued_at.time_since_epoch().count();
  json body = {{"iss", kIssuer},
               {"sub", claims.subject.empty() ? random_id() : claims.subject},
               {"conf", claims.conference},
               {"role", claims.role},
               {"name", claims.name},
               {"iat", issued},
               {"nbf", issued},
               {"exp", claims.expires_at.time_since_epoch().count()},
               {"jti", random_id()}};
  if (claims.serial != 0) body["inv"] = claims.serial;
  auto token = encode(header) + '.' + encode(body);
  const auto signature = hmac_sha256(secret_, as_bytes_view(token));
  return token + '.' + to_base64url(signature);
}

std::expected<TokenClaims, TokenError> TokenKey::verify(std::string_view token, UnixTime now) const {
  const auto parts = split(token);
  if (!parts) return std::unexpected(TokenError::malformed);
  const auto header = decode_object(parts->header);
  const auto signature = from_base64url(parts->signature);
  if (!header || !signature) return std::unexpected(TokenError::malformed);
  if (const auto accepted = check_header(*header, key_id_); !accepted) return std::unexpected(accepted.error());
  if (!equal_in_constant_time(hmac_sha256(secret_, as_bytes_view(parts->signed_text)), *signature)) {
    return std::unexpected(TokenError::bad_signature);
  }
  const auto claims = decode_object(parts->claims);
  if (!claims) return std::unexpected(TokenError::malformed);
  return read_claims(*claims, now);
}

}  // namespace bridgehall::crypto

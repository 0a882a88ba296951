#include <openssl/evp.h>

#include "crypto/dtls.h"
#include "crypto/dtls_certificate.h"
#include "crypto/hmac.h"

namespace bridgehall::crypto {
namespace {

const EVP_MD* digest_named(std::string_view algorithm) {
  if (algorithm == "sha-256") return EVP_sha256();
  if (algorithm == "sha-384") return EVP_sha384();
  if (algorithm == "sha-512") return EVP_sha512();
  return nullptr;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (lower(c) >= 'a' && lower(c) <= 'f') return static_cast<std::uint8_t>(lower(c) - 'a' + 10);
  return std::nullopt;
}

}  // namespace

std::string Fingerprint::to_sdp() const {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text = algorithm;
  char separator = ' ';
  for (const auto byte : digest) {
    text += {separator, kDigits[byte >> 4], kDigits[byte & 15]};
    separator = ':';
  }
  return text;
}

std::optional<Fingerprint> Fingerprint::parse(std::string_view sdp_value) {
  const auto space = sdp_value.find(' ');
  if (space == 0 || space == std::string_view::npos || space > 16) return std::nullopt;
  Fingerprint fingerprint;
  for (const char c : sdp_value.substr(0, space)) fingerprint.algorithm += lower(c);

  auto hex = sdp_value.substr(space + 1);
  if (hex.size() % 3 != 2 || hex.size() > std::size_t{EVP_MAX_MD_SIZE} * 3) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); i += 3) {
    const auto high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
    if (!high || !low || (i + 2 < hex.size() && hex[i + 2] != ':')) return std::nullopt;
    fingerprint.digest.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  const EVP_MD* digest = digest_named(fingerprint.algorithm);
  if (digest != nullptr && fingerprint.digest.size() != static_cast<std::size_t>(EVP_MD_get_size(digest))) {
    return std::nullopt;
  }
  return fingerprint;
}

std::optional<Fingerprint> fingerprint_of(const X509* certificate, std::string_view algorithm) {
  const EVP_MD* digest = digest_named(algorithm);
  if (certificate == nullptr || digest == nullptr) return std::nullopt;
  Fingerprint fingerprint{.algorithm = std::string(algorithm), .digest = std::vector<std::uint8_t>(EVP_MAX_MD_SIZE)};
  unsigned size = 0;
  if (X509_digest(certificate, digest, fingerprint.digest.data(), &size) != 1) return std::nullopt;
  fingerprint.digest.resize(size);
  return fingerprint;
}

bool matches(const X509* certificate, const Fingerprint& expected) {
  const auto actual = fingerprint_of(certificate, expected.algorithm);
  return actual && equal_in_constant_time(actual->digest, expected.digest);
}

}  // namespace bridgehall::crypto

// A certificate for HTTPS that the server signs itself, for as long as nobody has given it one: names and addresses
// stand in it as RFC 6125 and RFC 9110 section 4.3.4 have clients look for them. Pure but for OpenSSL's random source.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/address.h"
#include "crypto/token.h"

namespace bridgehall::crypto {

struct PemPair {
  std::string certificate;
  std::string key;  // PKCS #8
};

// ECDSA on P-256, SHA-256. Valid from a day before `now`, as clocks differ, until `until`.
PemPair make_self_signed(std::span<const std::string> names, std::span<const IpAddress> addresses, UnixTime now,
                         UnixTime until);

// The certificate is good until `until` at least, and for all these. False also for what is no certificate.
bool covers(std::string_view certificate, std::span<const std::string> names, std::span<const IpAddress> addresses,
            UnixTime until);

}  // namespace bridgehall::crypto

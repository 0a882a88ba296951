// The self-signed certificate of this process and the fingerprints of certificates (RFC 8122). Trust comes from the
// fingerprint in the SDP, so names and dates in it mean nothing to anyone.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/dtls.h"

namespace bridgehall::crypto {

template <auto Free>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using CertificatePointer = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;

struct Certificate {
  KeyPointer key;
  CertificatePointer x509;
};

// ECDSA on P-256, which RFC 8827 section 6.5 has every peer speak. Valid for 30 days from yesterday by the system's
// clock.
Certificate make_certificate();

// Empty when the hash is not one of SHA-256, SHA-384, SHA-512.
std::optional<Fingerprint> fingerprint_of(const X509* certificate, std::string_view algorithm);
// In constant time; false for an unknown hash.
bool matches(const X509* certificate, const Fingerprint& expected);

}  // namespace bridgehall::crypto

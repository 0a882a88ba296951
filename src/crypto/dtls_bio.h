// An OpenSSL BIO that keeps datagram boundaries, which its memory BIO does not: one record to read at a time, and each
// write is a datagram. Owned by one DTLS session; the BIO points to it, so it does not move.
#pragma once

#include <memory>

#include <openssl/bio.h>

#include "base/bytes.h"
#include "crypto/dtls_flight.h"

namespace bridgehall::crypto {

struct DatagramPort {
  // The most one call into OpenSSL may write; a flight of ours is one or two datagrams.
  static constexpr std::size_t kMaxWritten = 32;

  BytesView incoming;  // read once, then empty
  Datagrams written;

  DatagramPort() = default;
  DatagramPort(const DatagramPort&) = delete;
  DatagramPort& operator=(const DatagramPort&) = delete;
  // A BIO over this port; the caller owns it.
  BIO* make_bio();
};

}  // namespace bridgehall::crypto

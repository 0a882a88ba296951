// A DTLS of no cryptography for the simulator and tests: two round trips over datagrams that look like DTLS records,
// lost ones sent again, keys made from the random values both ends gave, fingerprints compared. Same seed, same bytes.
// A datagram costs nanoseconds where the real handshake costs a quarter of a millisecond. Never in the program.
#pragma once

#include "base/random.h"
#include "crypto/dtls.h"

namespace bridgehall::session {

class FakeDtlsFactory final : public crypto::DtlsFactory {
 public:
  // Each seed makes another identity, and other keys.
  explicit FakeDtlsFactory(std::uint64_t seed, crypto::SrtpSuite suite = crypto::SrtpSuite::aead_aes_128_gcm);

  const crypto::Fingerprint& local_fingerprint() const override { return fingerprint_; }
  std::unique_ptr<crypto::DtlsSession> make_session(crypto::DtlsRole role, crypto::Fingerprint expected_peer) override;

 private:
  SeededRandom random_;
  crypto::SrtpSuite suite_;
  crypto::Fingerprint fingerprint_;
};

}  // namespace bridgehall::session

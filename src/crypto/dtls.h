// DTLS 1.2 (RFC 6347) with SRTP keys (RFC 5764) as a state machine over memory. Datagrams and `now` go in, datagrams
// and a state come out. One session per peer, on its shard. The interface is abstract so that large simulations can
// take a fake handshake; it is off the packet path.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/srtp.h"

namespace bridgehall::crypto {

// a=fingerprint (RFC 8122): hash name in lower case ("sha-256", also 384 and 512) and the digest.
struct Fingerprint {
  std::string algorithm;
  std::vector<std::uint8_t> digest;
  bool operator==(const Fingerprint&) const = default;
  std::string to_sdp() const;  // "sha-256 AB:CD:…"
  static std::optional<Fingerprint> parse(std::string_view sdp_value);
};

enum class DtlsRole : std::uint8_t { client, server };
enum class DtlsState : std::uint8_t { handshaking, connected, failed, closed };

struct SrtpKeys {
  SrtpSuite suite{};
  SrtpKey local;   // what we seal with
  SrtpKey remote;  // what the peer seals with
};

class DtlsSession {
 public:
  virtual ~DtlsSession() = default;
  // The client sends its ClientHello now; the server waits. A handshake that is not done 30 s after this (client) or
  // after the first handshake record that came (server) has failed; a server that nobody talks to waits on, without a
  // deadline.
  virtual void start(TimePoint now) = 0;
  // A bad datagram is ignored (and may be counted by the caller through dropped()); it never ends the session before
  // the handshake is done or after.
  virtual void handle_datagram(BytesView datagram, TimePoint now) = 0;
  // Moves the next datagram to send into `out`; false when there is none.
  virtual bool poll_transmit(std::vector<std::uint8_t>& out) = 0;
  virtual TimePoint next_deadline() const = 0;
  virtual void handle_timeout(TimePoint now) = 0;
  virtual DtlsState state() const = 0;
  // Set once connected. `failed` when the peer's certificate does not match its fingerprint or no SRTP profile is
  // shared.
  virtual const std::optional<SrtpKeys>& keys() const = 0;
  virtual std::uint64_t dropped() const = 0;
  // Sends close_notify (RFC 8827 section 6.5 lets a peer learn it at once).
  virtual void close() = 0;
};

class DtlsFactory {
 public:
  virtual ~DtlsFactory() = default;
  virtual const Fingerprint& local_fingerprint() const = 0;
  virtual std::unique_ptr<DtlsSession> make_session(DtlsRole role, Fingerprint expected_peer) = 0;
};

// OpenSSL with a self-signed ECDSA P-256 certificate made at construction. ECDHE only, AES-GCM SRTP preferred.
// `suites` limits what is offered or taken (tests; a client without GCM). Outlives its sessions; about 40 KiB for each
// connected one.
class OpenSslDtlsFactory final : public DtlsFactory {
 public:
  explicit OpenSslDtlsFactory(std::vector<SrtpSuite> suites = {SrtpSuite::aead_aes_128_gcm,
                                                               SrtpSuite::aes128_cm_sha1_80});
  ~OpenSslDtlsFactory() override;
  const Fingerprint& local_fingerprint() const override;
  std::unique_ptr<DtlsSession> make_session(DtlsRole role, Fingerprint expected_peer) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bridgehall::crypto

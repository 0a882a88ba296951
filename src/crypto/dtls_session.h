// One DTLS association on OpenSSL. What stands between the network and OpenSSL here: each datagram is cut into records,
// records that could do harm because nothing authenticates them are dropped, and flights are repeated in the caller's
// time. Owned by a peer's session on its shard. Bounds: one flight kept (about 1.2 KB), kMaxQueued datagrams to send.
#pragma once

#include <memory>

#include <openssl/ssl.h>

#include "crypto/dtls.h"
#include "crypto/dtls_bio.h"
#include "crypto/dtls_certificate.h"
#include "crypto/dtls_flight.h"
#include "crypto/dtls_record.h"

namespace bridgehall::crypto {

class OpenSslDtlsSession final : public DtlsSession {
 public:
  // Counted from the client's start and from the first datagram at the server.
  static constexpr Duration kHandshakeLimit = 30s;
  static constexpr std::size_t kMaxQueued = 64;
  static constexpr long kMtu = 1200;

  OpenSslDtlsSession(SSL_CTX* context, DtlsRole role, Fingerprint expected_peer);

  void start(TimePoint now) override;
  void handle_datagram(BytesView datagram, TimePoint now) override;
  bool poll_transmit(std::vector<std::uint8_t>& out) override;
  TimePoint next_deadline() const override;
  void handle_timeout(TimePoint now) override;
  DtlsState state() const override { return state_; }
  const std::optional<SrtpKeys>& keys() const override { return keys_; }
  std::uint64_t dropped() const override { return dropped_; }
  void close() override;

 private:
  enum class Progress : std::uint8_t { waiting, done, broken };

  void make_ssl();
  // False when the record broke OpenSSL's state machine and a new one was made.
  bool handle_handshake_record(const DtlsRecord& record, TimePoint now);
  void handle_connected_record(const DtlsRecord& record, TimePoint now);
  bool admits(const DtlsRecord& record) const;
  bool may_be_sealed(const DtlsRecord& record) const;
  bool expects_encrypted_finished() const;
  bool advance(BytesView record, TimePoint now);
  Progress step(BytesView record);
  void complete();
  void take_keys(SrtpSuite suite);
  void fail();
  void send(const Datagrams& datagrams);
  void send_again(Datagrams* flight);

  SSL_CTX* context_;
  DtlsRole role_;
  Fingerprint expected_peer_;
  DtlsState state_ = DtlsState::handshaking;
  DatagramPort port_;
  std::unique_ptr<SSL, OpenSslFree<SSL_free>> ssl_;
  DtlsFlight flight_;
  // Of records in epoch 0; they go on when the SSL object is made anew.
  std::uint64_t next_clear_number_out_ = 0;
  std::uint64_t next_clear_number_in_ = 0;
  Datagrams outgoing_;
  TimePoint give_up_at_ = kNever;
  std::optional<SrtpKeys> keys_;
  std::uint64_t dropped_ = 0;
};

}  // namespace bridgehall::crypto

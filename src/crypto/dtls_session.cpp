#include "crypto/dtls_session.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/check.h"

namespace bridgehall::crypto {
namespace {

// OpenSSL's timer reads the real clock; an hour is never reached (kHandshakeLimit).
unsigned an_hour_in_microseconds(SSL*, unsigned) { return 3'600'000'000u; }

bool sent_by(DtlsRole sender, DtlsMessage message) {
  switch (message) {
    case DtlsMessage::client_hello:
    case DtlsMessage::client_key_exchange:
    case DtlsMessage::certificate_verify:
      return sender == DtlsRole::client;
    case DtlsMessage::hello_verify_request:
    case DtlsMessage::server_hello:
    case DtlsMessage::server_key_exchange:
    case DtlsMessage::certificate_request:
    case DtlsMessage::server_hello_done:
      return sender == DtlsRole::server;
    case DtlsMessage::certificate:
      return true;
    default:
      return false;  // Finished is never in clear, and we do without the others
  }
}

}  // namespace

OpenSslDtlsSession::OpenSslDtlsSession(SSL_CTX* context, DtlsRole role, Fingerprint expected_peer)
    : context_(context), role_(role), expected_peer_(std::move(expected_peer)) {
  make_ssl();
}

void OpenSslDtlsSession::make_ssl() {
  ssl_.reset(SSL_new(context_));
  BRIDGEHALL_CHECK(ssl_ != nullptr);
  BIO* bio = port_.make_bio();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_mtu(ssl_.get(), kMtu);
  DTLS_set_timer_cb(ssl_.get(), an_hour_in_microseconds);
  if (role_ == DtlsRole::server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

void OpenSslDtlsSession::start(TimePoint now) {
  if (role_ == DtlsRole::server || state_ != DtlsState::handshaking || give_up_at_ != kNever) return;
  give_up_at_ = now + kHandshakeLimit;
  advance({}, now);
}

void OpenSslDtlsSession::handle_datagram(BytesView datagram, TimePoint now) {
  auto rest = datagram;
  while (!rest.empty()) {
    const auto record = take_record(rest);
    if (!record || state_ == DtlsState::failed || state_ == DtlsState::closed) {
      ++dropped_;
      return;
    }
    if (state_ == DtlsState::handshaking) {
      // What breaks the state machine costs a new one: once per datagram is enough.
      if (!handle_handshake_record(*record, now)) return;
    } else {
      handle_connected_record(*record, now);
    }
  }
}

// Nothing authenticates epoch 0, so an alert there is nobody's word (RFC 6347 section 4.1.2.7). Records of epoch 1 that
// come too early are dropped: OpenSSL would keep up to a hundred of 17 KB each; the peer repeats its flight.
bool OpenSslDtlsSession::admits(const DtlsRecord& record) const {
  if (record.epoch == 1) return expects_encrypted_finished() && may_be_sealed(record);
  if (record.epoch != 0) return false;
  if (record.content == DtlsContent::change_cipher_spec) {
    return !flight_.empty() && record.bytes.size() == DtlsRecord::kHeaderSize + 1;
  }
  const auto message = record.message();
  if (!message) return false;
  if (role_ == DtlsRole::client) return sent_by(DtlsRole::server, message->type);
  // The hello comes first and is message 0 (we ask for no cookie): what is forged before it could only lie in wait in
  // OpenSSL's queue for the true message of its number.
  if (message->type == DtlsMessage::client_hello) return message->number == 0;
  return !flight_.empty() && sent_by(DtlsRole::client, message->type);
}

// Shorter than nonce, one byte and tag, a record cannot be authentic. OpenSSL before 3.0.22 takes that for an error of
// the connection and ends it.
bool OpenSslDtlsSession::may_be_sealed(const DtlsRecord& record) const {
  constexpr std::size_t kTag = 16;
  const auto* cipher = SSL_get_current_cipher(ssl_.get());
  const bool explicit_nonce = cipher == nullptr || SSL_CIPHER_get_cipher_nid(cipher) != NID_chacha20_poly1305;
  return record.bytes.size() > DtlsRecord::kHeaderSize + (explicit_nonce ? 8 : 0) + kTag;
}

bool OpenSslDtlsSession::expects_encrypted_finished() const {
  const auto at = SSL_get_state(ssl_.get());
  return at == TLS_ST_SR_CHANGE || at == TLS_ST_CR_CHANGE;
}

bool OpenSslDtlsSession::handle_handshake_record(const DtlsRecord& record, TimePoint now) {
  if (!admits(record) || (role_ == DtlsRole::client && give_up_at_ == kNever)) {
    ++dropped_;
    return true;
  }
  if (give_up_at_ == kNever) give_up_at_ = now + kHandshakeLimit;
  const auto message = record.message();
  if (message && message->type == DtlsMessage::client_hello && !flight_.empty()) {
    // Answered already: a repeat says that our flight was lost; another hello cannot push out the one under way.
    if (message->fragment_offset == 0) send_again(flight_.answer_repeat(now));
    return true;
  }
  if (record.epoch != 0) return advance(record.bytes, now);
  // Numbered anew as well: a forged number far ahead would move OpenSSL's replay window past the true records. What is
  // repeated is told by the number of the message.
  std::vector<std::uint8_t> copy(record.bytes.begin(), record.bytes.end());
  number_clear_records(copy, next_clear_number_in_);
  return advance(copy, now);
}

bool OpenSslDtlsSession::advance(BytesView record, TimePoint now) {
  auto progress = step(record);
  const bool broken = progress == Progress::broken;
  if (broken) {
    // The record cannot be told from a forged one. A fresh state machine waits for the true peer's repeat; this record
    // may be the true one and an earlier one forged, so it gets a second chance.
    ++dropped_;
    flight_.clear();
    make_ssl();
    progress = step(record);
    if (progress == Progress::broken) {
      make_ssl();
      progress = step({});
    }
  }
  if (!port_.written.empty()) {
    for (auto& datagram : port_.written) number_clear_records(datagram, next_clear_number_out_);
    send(port_.written);
    flight_.replace(std::move(port_.written), now);
  }
  port_.written = {};
  if (progress == Progress::done) complete();
  return !broken;
}

OpenSslDtlsSession::Progress OpenSslDtlsSession::step(BytesView record) {
  port_.incoming = record;
  port_.written.clear();
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  port_.incoming = {};
  if (result == 1) return Progress::done;
  return error == SSL_ERROR_WANT_READ ? Progress::waiting : Progress::broken;
}

void OpenSslDtlsSession::complete() {
  const auto* profile = SSL_get_selected_srtp_profile(ssl_.get());
  const CertificatePointer certificate(SSL_get1_peer_certificate(ssl_.get()));
  if (profile == nullptr || !matches(certificate.get(), expected_peer_)) {
    fail();
    return;
  }
  take_keys(profile->id == SRTP_AEAD_AES_128_GCM ? SrtpSuite::aead_aes_128_gcm : SrtpSuite::aes128_cm_sha1_80);
  state_ = DtlsState::connected;
  give_up_at_ = kNever;
  if (role_ == DtlsRole::server) {
    flight_.stop_timer();  // kept: the client asks again when our Finished was lost
  } else {
    flight_.clear();
  }
  SSL_free_buffers(ssl_.get());
}

// RFC 5764 section 4.2: client key, server key, client salt, server salt.
void OpenSslDtlsSession::take_keys(SrtpSuite suite) {
  const std::size_t salt_size = suite == SrtpSuite::aead_aes_128_gcm ? 12 : 14;
  constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";
  std::array<std::uint8_t, 2 * (16 + 14)> material{};
  const bool exported = SSL_export_keying_material(ssl_.get(), material.data(), 2 * (16 + salt_size), kLabel.data(),
                                                   kLabel.size(), nullptr, 0, 0) == 1;
  BRIDGEHALL_CHECK(exported);
  SrtpKey client, server;
  ByteReader reader(material);
  for (auto* side : {&client, &server}) std::ranges::copy(reader.bytes(16), side->master_key.begin());
  for (auto* side : {&client, &server}) std::ranges::copy(reader.bytes(salt_size), side->master_salt.begin());
  OPENSSL_cleanse(material.data(), material.size());
  const bool serves = role_ == DtlsRole::server;
  keys_ = SrtpKeys{.suite = suite, .local = serves ? server : client, .remote = serves ? client : server};
}

void OpenSslDtlsSession::handle_connected_record(const DtlsRecord& record, TimePoint now) {
  if (record.epoch == 0 && role_ == DtlsRole::server &&
      (record.content == DtlsContent::handshake || record.content == DtlsContent::change_cipher_spec)) {
    send_again(flight_.answer_repeat(now));  // the client's last flight again: it has not seen our Finished
    return;
  }
  if (record.epoch != 1 || ssl_ == nullptr || !may_be_sealed(record)) {
    ++dropped_;
    return;
  }
  port_.incoming = record.bytes;
  port_.written.clear();
  ERR_clear_error();
  std::array<std::uint8_t, 256> ignored;  // no data channels: nothing of the peer's is for us
  while (SSL_read(ssl_.get(), ignored.data(), static_cast<int>(ignored.size())) > 0) {
  }
  const bool closed_by_peer = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  if (closed_by_peer) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  port_.incoming = {};
  if (port_.written.empty() && !closed_by_peer) ++dropped_;
  for (auto& datagram : port_.written) number_clear_records(datagram, next_clear_number_out_);
  send(port_.written);
  port_.written = {};
  if (closed_by_peer) {
    state_ = DtlsState::closed;
    ssl_.reset();
    return;
  }
  SSL_free_buffers(ssl_.get());
}

bool OpenSslDtlsSession::poll_transmit(std::vector<std::uint8_t>& out) {
  if (outgoing_.empty()) return false;
  out = std::move(outgoing_.front());
  outgoing_.erase(outgoing_.begin());
  if (outgoing_.empty()) outgoing_ = {};
  return true;
}

TimePoint OpenSslDtlsSession::next_deadline() const {
  return state_ == DtlsState::handshaking ? std::min(give_up_at_, flight_.next_deadline()) : kNever;
}

void OpenSslDtlsSession::handle_timeout(TimePoint now) {
  if (state_ != DtlsState::handshaking) return;
  if (now >= give_up_at_) {
    fail();
    return;
  }
  send_again(flight_.due(now));
}

void OpenSslDtlsSession::close() {
  if (state_ == DtlsState::connected && ssl_ != nullptr) {
    port_.written.clear();
    ERR_clear_error();
    if (SSL_alloc_buffers(ssl_.get()) == 1) SSL_shutdown(ssl_.get());  // they were freed when we had connected
    ERR_clear_error();
    send(port_.written);
    port_.written = {};
  }
  if (state_ != DtlsState::failed) state_ = DtlsState::closed;
  flight_.clear();
  ssl_.reset();
}

void OpenSslDtlsSession::fail() {
  port_.written.clear();
  // The peer thinks the handshake went well; tell it at once rather than let it wait for media.
  if (SSL_is_init_finished(ssl_.get()) == 1) {
    SSL_shutdown(ssl_.get());
    send(port_.written);
  }
  ERR_clear_error();
  port_.written = {};
  state_ = DtlsState::failed;
  flight_.clear();
  ssl_.reset();
}

void OpenSslDtlsSession::send(const Datagrams& datagrams) {
  for (const auto& datagram : datagrams) {
    if (outgoing_.size() < kMaxQueued) outgoing_.push_back(datagram);
  }
}

void OpenSslDtlsSession::send_again(Datagrams* flight) {
  if (flight == nullptr) return;
  for (auto& datagram : *flight) number_clear_records(datagram, next_clear_number_out_);
  send(*flight);
}

}  // namespace bridgehall::crypto

#include <string>

#include <openssl/ssl.h>

#include "base/check.h"
#include "crypto/dtls.h"
#include "crypto/dtls_session.h"

namespace bridgehall::crypto {
namespace {

using ContextPointer = std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>>;

std::string profile_list(const std::vector<SrtpSuite>& suites) {
  std::string list;
  for (const auto suite : suites) {
    if (!list.empty()) list += ':';
    list.append("SRTP_").append(suite_name(suite));
  }
  return list;
}

// Any certificate is let through here; its fingerprint is compared when the handshake is done.
int accept_any_chain(X509_STORE_CTX*, void*) { return 1; }

ContextPointer make_context(const Certificate& certificate, const std::vector<SrtpSuite>& suites) {
  ContextPointer owned(SSL_CTX_new(DTLS_method()));
  BRIDGEHALL_CHECK(owned != nullptr);
  SSL_CTX* context = owned.get();
  const bool configured =
      SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
      SSL_CTX_set_cipher_list(
          context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305") == 1 &&
      SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
      SSL_CTX_use_certificate(context, certificate.x509.get()) == 1 &&
      SSL_CTX_use_PrivateKey(context, certificate.key.get()) == 1 &&
      SSL_CTX_set_tlsext_use_srtp(context, profile_list(suites).c_str()) == 0;  // this one says 0 for success
  BRIDGEHALL_CHECK(configured);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, accept_any_chain, nullptr);
  // A session is never resumed: each has its own SRTP keys and lives as long as its peer.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context, 8192);
  return owned;
}

}  // namespace

struct OpenSslDtlsFactory::State {
  explicit State(const std::vector<SrtpSuite>& suites)
      : certificate(make_certificate()),
        fingerprint(*fingerprint_of(certificate.x509.get(), "sha-256")),
        context(make_context(certificate, suites)) {}

  Certificate certificate;
  Fingerprint fingerprint;
  ContextPointer context;
};

OpenSslDtlsFactory::OpenSslDtlsFactory(std::vector<SrtpSuite> suites) : state_(std::make_unique<State>(suites)) {}
OpenSslDtlsFactory::~OpenSslDtlsFactory() = default;

const Fingerprint& OpenSslDtlsFactory::local_fingerprint() const { return state_->fingerprint; }

std::unique_ptr<DtlsSession> OpenSslDtlsFactory::make_session(DtlsRole role, Fingerprint expected_peer) {
  return std::make_unique<OpenSslDtlsSession>(state_->context.get(), role, std::move(expected_peer));
}

}  // namespace bridgehall::crypto

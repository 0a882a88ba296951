#include "web/tls_context.h"

#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace bridgehall::web {
namespace {

constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";  // of TLS 1.2; those of 1.3 are all good
constexpr unsigned char kSessionContext[] = "bridgehall";

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPointer = std::unique_ptr<BIO, BioFree>;
struct CertificateFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using CertificatePointer = std::unique_ptr<X509, CertificateFree>;
struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

BioPointer reader(std::string_view text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

// A client that offers protocols and not this one is answered without a choice (RFC 7301 leaves that to us).
int choose_http(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned size,
                void*) {
  static constexpr unsigned char kHttp[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp, sizeof kHttp - 1, offered, size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool configure(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Buffers of idle connections are given back: there may be thousands of links.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_http, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 &&
         SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1) == 1;
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(std::string_view chain, std::string_view key) {
  ERR_clear_error();
  auto made = std::shared_ptr<TlsContext>(new TlsContext);
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  auto* context = made->context_.get();
  if (context == nullptr || !configure(context)) return fail("TLS cannot be set up by this OpenSSL.");

  const auto chain_reader = reader(chain);
  const CertificatePointer own(PEM_read_bio_X509_AUX(chain_reader.get(), nullptr, no_passphrase, nullptr));
  if (!own) return fail("The certificate file holds no certificate in PEM form.");
  const std::unique_ptr<EVP_PKEY, KeyFree> private_key(
      PEM_read_bio_PrivateKey(reader(key).get(), nullptr, no_passphrase, nullptr));
  if (!private_key) return fail("The key file holds no private key in PEM form, or one with a passphrase.");
  if (SSL_CTX_use_certificate(context, own.get()) != 1)
    return fail("The certificate cannot be used: its key is of a kind, or too weak, for TLS today.");
  if (X509_check_private_key(own.get(), private_key.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, private_key.get()) != 1)
    return fail("The key does not belong to the certificate.");
  while (auto* issuer = PEM_read_bio_X509(chain_reader.get(), nullptr, no_passphrase, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, issuer) == 1) continue;
    X509_free(issuer);
    return fail("The certificate file holds an issuer's certificate that cannot be used.");
  }
  ERR_clear_error();

  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(own.get()), &end) != 1) return fail("The certificate has no date of expiry.");
  made->not_after_ = crypto::UnixTime(std::chrono::seconds(timegm(&end)));
  return made;
}

SslPointer TlsContext::accept_on(int socket) const {
  SslPointer ssl(SSL_new(context_.get()));
  if (!ssl || SSL_set_fd(ssl.get(), socket) != 1) return nullptr;
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace bridgehall::web

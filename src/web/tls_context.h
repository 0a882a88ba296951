// What TLS of the HTTP port is spoken with: a certificate's chain, its key and the protocol's settings (TLS 1.2
// and 1.3, forward secrecy and AEAD only, HTTP/1.1 by ALPN, sessions resumed by tickets). Never changes: a new
// certificate is a new context, and connections keep the one they began with. Control thread.
#pragma once

#include <memory>
#include <string_view>

#include <openssl/ssl.h>

#include "base/result.h"
#include "crypto/token.h"

namespace bridgehall::web {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPointer = std::unique_ptr<SSL, SslFree>;

class TlsContext {
 public:
  // PEM: the chain with the server's own certificate first, and that one's key. Says in a sentence what is wrong.
  static Result<std::shared_ptr<const TlsContext>> make(std::string_view chain, std::string_view key);

  // The server's end of a connection on a non-blocking socket, which outlives it.
  SslPointer accept_on(int socket) const;
  crypto::UnixTime not_after() const { return not_after_; }

 private:
  TlsContext() = default;
  std::unique_ptr<SSL_CTX, SslFree> context_;
  crypto::UnixTime not_after_{};
};

}  // namespace bridgehall::web

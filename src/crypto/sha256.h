// SHA-256 (FIPS 180-4) of what comes in pieces: files that would not fit into memory, too. Plain object, any thread.
#pragma once

#include <memory>
#include <string>

#include <openssl/evp.h>

#include "base/bytes.h"

namespace bridgehall::crypto {

class Sha256 {
 public:
  Sha256();
  void update(BytesView bytes);
  // 64 lower-case hex digits. Nothing follows it.
  std::string finish() &&;

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// Of a text at once.
std::string sha256_hex(std::string_view text);

}  // namespace bridgehall::crypto

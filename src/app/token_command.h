// `bridgehall token`: signs a token with the key of a data folder.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"
#include "crypto/token.h"

namespace bridgehall::app {

struct TokenOptions {
  std::string data_folder;
  std::string conference;  // empty for an administrator
  std::string role;
  std::string ttl;
  std::string subject;  // empty: a random one
  std::string name;
};

Result<std::string> make_token(const TokenOptions& options, RandomSource& random, crypto::UnixTime now);

// The key in the folder, which is made (mode 0700) when it does not exist.
Result<crypto::TokenKey> open_signing_key(const std::string& data_folder, RandomSource& random);

}  // namespace bridgehall::app

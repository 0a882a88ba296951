#include "crypto/system_random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace bridgehall::crypto {

void SystemRandom::fill(MutableBytes out) {
  // Going on with a predictable secret is worse than stopping.
  const bool filled = RAND_bytes(out.data(), static_cast<int>(out.size())) == 1;
  BRIDGEHALL_CHECK(filled);
}

}  // namespace bridgehall::crypto

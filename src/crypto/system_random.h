// Randomness fit for secrets (OpenSSL's generator, seeded by the kernel).
#pragma once

#include "base/random.h"

namespace bridgehall::crypto {

class SystemRandom final : public RandomSource {
 public:
  void fill(MutableBytes out) override;
};

}  // namespace bridgehall::crypto

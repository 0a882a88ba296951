// Message authentication codes and comparison in constant time (OpenSSL).
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace bridgehall::crypto {

std::array<std::uint8_t, 20> hmac_sha1(BytesView key, BytesView message);
std::array<std::uint8_t, 32> hmac_sha256(BytesView key, BytesView message);
bool equal_in_constant_time(BytesView a, BytesView b);

}  // namespace bridgehall::crypto

// Base64 for URLs without padding (RFC 4648 section 5), as JWT has it (RFC 7515 section 2). Strict: every text decodes
// to at most one value and every value has one text, so a signed token cannot be respelled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace bridgehall::crypto {

std::string to_base64url(BytesView bytes);
std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text);

}  // namespace bridgehall::crypto

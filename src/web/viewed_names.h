// The names that the address of a WHEP endpoint has: one, or several with commas between, which no name has in it.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "web/message.h"

namespace bridgehall::web {

Response refuse_name(std::string_view name);

// Refused: what is no name, a name that stands there twice, more than conference::kMaxViewed.
std::expected<std::vector<std::string>, Response> read_viewed_names(std::string_view text);

}  // namespace bridgehall::web

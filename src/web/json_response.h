// An answer in JSON that nobody keeps.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "web/message.h"

namespace bridgehall::web {

// Bytes that are not UTF-8 (values come from files and the system, too) are shown as U+FFFD.
Response json_response(const nlohmann::ordered_json& body, unsigned status = 200);

}  // namespace bridgehall::web

// Events as JSON: {"type":"joined","version":1,"seat":"ha-giang"}. Type and member names are what is kept for years, so
// they are named here and nowhere derived. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "conference/event.h"
#include "storage/upcast.h"

namespace bridgehall::storage {

Json event_to_json(const conference::Event& event);
inline std::string encode_event(const conference::Event& event) { return to_text(event_to_json(event)); }

// The error is a sentence that says what the event lacks. Old versions are lifted.
Result<conference::Event> event_from_json(Json json, std::span<const Upcast> old = upcasts());
Result<conference::Event> decode_event(std::string_view text, std::span<const Upcast> old = upcasts());

}  // namespace bridgehall::storage

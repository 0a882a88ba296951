// A conference's state as JSON, for snapshots: {"version":1,"id":"demo",…}. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "conference/state.h"
#include "storage/upcast.h"

namespace bridgehall::storage {

Json state_to_json(const conference::State& state);
inline std::string encode_state(const conference::State& state) { return to_text(state_to_json(state)); }

// The error is a sentence that says what the snapshot lacks. Old versions are lifted; their type is "state".
Result<conference::State> state_from_json(Json json, std::span<const Upcast> old = upcasts());
Result<conference::State> decode_state(std::string_view text, std::span<const Upcast> old = upcasts());

}  // namespace bridgehall::storage

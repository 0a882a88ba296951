// Old versions of what is in the record, lifted to the present one when they are read. The file keeps them as they were
// written: nothing that happened is written anew.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "storage/json_members.h"

namespace bridgehall::storage {

// Makes of an object of that type and version one of the next version.
struct Upcast {
  std::string_view type;
  std::uint32_t version = 0;  // from which
  void (*lift)(Json& object);
};

// Those of this program. Of every type there is one for each version before the present.
std::span<const Upcast> upcasts();

// Lifts `object`, whose "version" is looked at and set, to `present`. Empty when all was well, else the rest of a
// sentence.
std::string lift(Json& object, std::string_view type, std::uint32_t present, std::span<const Upcast> upcasts);

}  // namespace bridgehall::storage

// Is there a place for what must outlive a restart?
#pragma once

#include <cstdint>
#include <string>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct StorageFacts {
  std::string folder;
  bool exists = false;
  std::string obstacle;  // why it (or where it is to be made) cannot be written; empty: it can
  std::uint64_t free_bytes = 0;
};

StorageFacts gather_storage(const Configuration& configuration);
Findings check_storage(const StorageFacts& facts);

}  // namespace bridgehall::app::doctor

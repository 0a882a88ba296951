// How many connections may be on their way in, and how long each.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace bridgehall::web {

struct ReceptionLimits {
  Duration first_bytes = 10s;
  Duration first_frame = 5s;  // of media, from its first byte
  Duration handshake = 10s;
  std::size_t undecided = 512;
  std::size_t handshakes = 256;
};

}  // namespace bridgehall::web

// How many links a server takes, and how patient it is with each.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace bridgehall::web {

struct LinkLimits {
  std::size_t links = 4000;
  std::size_t not_greeted = 1000;  // of them, those whose hello was not accepted yet
  Duration hello_timeout = 10s;    // for the hello to be accepted
  Duration silence_timeout = 20s;  // a ping goes out after half of it without a frame
  Duration write_timeout = 15s;    // for a text to be taken
  Duration close_timeout = 5s;     // for the closing handshake
};

}  // namespace bridgehall::web

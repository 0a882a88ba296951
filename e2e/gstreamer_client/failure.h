// What ends the client: a sentence for stderr. A test client gives up at the first thing that is not as it should be.
#pragma once

#include <stdexcept>

namespace bridgehall::gstreamer_client {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace bridgehall::gstreamer_client

#include "app/complaint.h"

#include <cstdio>

#include <fmt/format.h>

namespace bridgehall::app {

int complain(const std::string& sentence, int status) {
  fmt::print(stderr, "bridgehall: {}\n", sentence);
  return status;
}

}  // namespace bridgehall::app

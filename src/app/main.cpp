#include <exception>

#include <fmt/format.h>

#include "app/command_line.h"

int main(int argc, char** argv) {
  try {
    return bridgehall::app::run_command_line(argc, argv);
  } catch (const std::exception& failure) {  // out of memory, most likely: everything else is said by a Result
    fmt::print(stderr, "bridgehall: {}.\n", failure.what());
    return 1;
  }
}

// `bridgehall serve` and `bridgehall demo`: puts the parts together, runs the control thread until a signal ends it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/configuration.h"
#include "base/result.h"

namespace bridgehall::app {

// Prints the demo's links once it listens.
enum class Greeting : std::uint8_t { none, demo_links };

// Returns when a signal has ended it and all sessions were closed; fails in a sentence when it cannot start.
Result<void> serve(const Configuration& configuration, Greeting greeting);

// Where the built client lies when the setting names no folder: beside the program, or installed under its prefix.
std::string default_client_folder();

}  // namespace bridgehall::app

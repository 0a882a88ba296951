// Are the server's ports free, or held by the server itself? Asked by binding them for a moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/doctor/words.h"
#include "base/address.h"

namespace bridgehall::app::doctor {

enum class PortState : std::uint8_t { free, taken, forbidden };

struct PortFacts {
  Protocol protocol{};
  std::uint16_t port = 0;
  std::string setting;  // "media.port"
  PortState state{};
};

struct PortsFacts {
  std::vector<PortFacts> ports;
  bool bridgehall_runs = false;  // one answers at http.port: then what is taken is taken by it
};

// Who looks: a command beside whatever runs here, or the server itself, which holds its ports.
enum class Bystander : std::uint8_t { command, own_server };

PortsFacts gather_ports(const Configuration& configuration, Bystander bystander);
Findings check_ports(const PortsFacts& facts);

}  // namespace bridgehall::app::doctor

// Do the TURN and STUN servers that clients are told of answer? A name is looked up and a STUN Binding request sent
// (RFC 8489); over TLS only the connection is tried. May wait for seconds.
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct TurnFacts {
  std::string server;
  std::string lookup_failure;  // empty: the name is known
  bool answered = false;
};

std::vector<TurnFacts> gather_turn(const Configuration& configuration);
Findings check_turn(const std::vector<TurnFacts>& facts);

}  // namespace bridgehall::app::doctor

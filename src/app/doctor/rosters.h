// Can the conferences' rosters be read?
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct RosterFacts {
  std::string conference;
  std::size_t seats = 0;
  std::string mistake;  // empty: it is readable
};

std::vector<RosterFacts> gather_rosters(const Configuration& configuration);
Findings check_rosters(const std::vector<RosterFacts>& facts);

}  // namespace bridgehall::app::doctor

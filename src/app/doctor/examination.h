// All checks of the machine together, in the order in which a technician would go through them.
#pragma once

#include <string>

#include "app/configuration.h"
#include "app/doctor/ports.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

// Takes as long as the slowest TURN server: seconds.
Findings examine(const Configuration& configuration, Bystander bystander);

// One line each: "ok", "attention" or "problem", and the sentence.
std::string to_text(const Findings& findings);
bool has_problem(const Findings& findings);

}  // namespace bridgehall::app::doctor

// Where the generator runs.
#pragma once

namespace bridgehall::load {

// Says so on standard error when the system does not allow it.
void pin_to_cpu(int cpu);

}  // namespace bridgehall::load

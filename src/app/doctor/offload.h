// Does the kernel take trains of datagrams (UDP GSO) and join them again (GRO)? Tried over loopback.
#pragma once

#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct OffloadFacts {
  bool send = false;
  bool receive = false;
};

OffloadFacts gather_offload();
Findings check_offload(const OffloadFacts& facts);

}  // namespace bridgehall::app::doctor

// Does the kernel give the media sockets the buffers that the settings ask for?
#pragma once

#include <cstdint>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct BufferFacts {
  std::int64_t receive_wanted = 0, receive_most = 0;  // net.core.rmem_max; 0: not known
  std::int64_t send_wanted = 0, send_most = 0;        // net.core.wmem_max
};

BufferFacts gather_buffers(const Configuration& configuration);
Findings check_buffers(const BufferFacts& facts);

}  // namespace bridgehall::app::doctor

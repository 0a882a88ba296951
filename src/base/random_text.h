// Random bytes as text: what names a session, an invitation or a stream. A secret where the source makes secrets.
#pragma once

#include <cstddef>
#include <string>

#include "base/random.h"

namespace bridgehall {

// Two lower-case hex digits for each of `bytes` random bytes.
std::string random_hex(RandomSource& random, std::size_t bytes);

}  // namespace bridgehall

// How a command fails: a sentence on standard error, and a status.
#pragma once

#include <string>

namespace bridgehall::app {

inline constexpr int kFailed = 1;
inline constexpr int kMisused = 2;

// Returns `status`.
int complain(const std::string& sentence, int status);

}  // namespace bridgehall::app

// CHECK states what only a bug can break. It stops the process in every build: systemd restarts it in a second and
// sessions resume, which is better than going on with a broken invariant.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace bridgehall {
[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::abort();
}
}  // namespace bridgehall

#define BRIDGEHALL_CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? void(0) : ::bridgehall::check_failed(#condition, __FILE__, __LINE__))

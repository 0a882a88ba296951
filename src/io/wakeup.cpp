#include "io/wakeup.h"

#include <cstdint>

#include <sys/eventfd.h>

#include "base/check.h"

namespace bridgehall::io {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { BRIDGEHALL_CHECK(fd_.valid()); }

void Wakeup::signal() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written =
      write(fd_.get(), &one, sizeof one);  // fails only when a signal is pending already
}

void Wakeup::clear() {
  std::uint64_t count;
  [[maybe_unused]] const auto got = read(fd_.get(), &count, sizeof count);
}

}  // namespace bridgehall::io

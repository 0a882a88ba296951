// Waits for descriptors to become readable (or writable) or for a deadline, to the nanosecond (epoll_pwait2: epoll_wait
// has a grain of 1 ms, which a collection window of 2 ms cannot bear).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "io/file_descriptor.h"

namespace bridgehall::io {

class Poller {
 public:
  // `capacity`: most descriptors reported by one wait.
  explicit Poller(std::size_t capacity = 64);

  // Level-triggered reading. `token` comes back from wait().
  bool add(int fd, std::uint64_t token);
  void remove(int fd);

  // The tokens that are ready; empty when `deadline` passed first. A deadline at or before `now` only looks.
  std::span<const std::uint64_t> wait(TimePoint deadline, TimePoint now);

 private:
  FileDescriptor epoll_;
  std::vector<std::uint64_t> tokens_;
};

}  // namespace bridgehall::io

// A flood in a process of its own, so that what it costs is not taken for the measurement's. Forked from the generator;
// ends when told, or with its parent.
#pragma once

#include <optional>

#include "io/file_descriptor.h"
#include "load/flood.h"

namespace bridgehall::load {

class FloodProcess {
 public:
  // `cpu`: -1 leaves it to the kernel.
  static Result<FloodProcess> start(FloodKind kind, int rate, const FloodTarget& target, int cpu);
  ~FloodProcess();
  FloodProcess(FloodProcess&& other) noexcept;
  FloodProcess& operator=(FloodProcess&&) = delete;

  // Ends it; what it has sent, or nothing when it could not begin (said on standard error) or died.
  std::optional<FloodCounts> stop();

 private:
  FloodProcess(int pid, io::FileDescriptor results) : pid_(pid), results_(std::move(results)) {}
  int pid_;
  io::FileDescriptor results_;
};

}  // namespace bridgehall::load

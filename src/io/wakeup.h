// An eventfd: one thread signals, another's poll wakes.
#pragma once

#include "io/file_descriptor.h"

namespace bridgehall::io {

class Wakeup {
 public:
  Wakeup();
  void signal();
  // Clears all signals so far.
  void clear();
  int fd() const { return fd_.get(); }

 private:
  FileDescriptor fd_;
};

}  // namespace bridgehall::io

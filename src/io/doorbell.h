// Wakes a thread that sleeps in a poll, and costs no system call while it is awake. One thread sleeps; any may ring.
#pragma once

#include <atomic>

#include "io/wakeup.h"

namespace bridgehall::io {

class Doorbell {
 public:
  // After something was put where the sleeper looks.
  void ring() {
    if (asleep_.exchange(false, std::memory_order_acq_rel)) wakeup_.signal();
  }

  // The sleeper, before it polls: true when it may sleep. `anything_waits` looks once more, as what was put there
  // before this does not ring any more.
  template <class Look>
  bool lie_down(Look&& anything_waits) {
    asleep_.exchange(true, std::memory_order_acq_rel);
    return !anything_waits();
  }
  // ... and after it.
  void get_up() { asleep_.store(false, std::memory_order_relaxed); }

  // Readable when it rang; the sleeper clears it.
  int fd() const { return wakeup_.fd(); }
  void clear() { wakeup_.clear(); }

 private:
  std::atomic<bool> asleep_{false};
  Wakeup wakeup_;
};

}  // namespace bridgehall::io

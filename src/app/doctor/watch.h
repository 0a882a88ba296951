// The examination for the running server: made in a thread of its own, since it waits for TURN servers and name
// servers, when somebody asks and the last is old. Whoever asks gets the last one at once.
#pragma once

#include <memory>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

class Watch {
 public:
  static constexpr std::chrono::seconds kStale{5};  // pages ask every few seconds

  Watch();
  // Waits for nothing: a look-up that is under way cannot be interrupted, so its thread ends by itself.
  ~Watch();

  // Once, when the server listens.
  void begin(const Configuration& configuration);
  // Control thread; does not wait. Nothing before begin().
  Findings latest();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace bridgehall::app::doctor

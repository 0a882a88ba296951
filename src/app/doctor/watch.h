// The examination for the running server: made in a thread of its own, since it waits for TURN servers, when somebody
// asks and the last is old. Whoever asks gets the last one at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

class Watch {
 public:
  static constexpr std::chrono::seconds kStale{5};  // pages ask every few seconds

  Watch() = default;
  // Waits for an examination that is under way.
  ~Watch();

  // Once, when the server listens.
  void begin(const Configuration& configuration);
  // Control thread; does not wait. Nothing before begin().
  Findings latest();

 private:
  void run();

  Configuration configuration_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Findings findings_;
  std::chrono::steady_clock::time_point made_{};
  bool wanted_ = true;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace bridgehall::app::doctor

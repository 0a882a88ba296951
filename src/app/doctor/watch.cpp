#include "app/doctor/watch.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/doctor/examination.h"

namespace bridgehall::app::doctor {

struct Watch::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  Findings findings;
  std::chrono::steady_clock::time_point made{};
  bool wanted = true;
  bool stopping = false;

  void run(const Configuration& configuration) {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return wanted || stopping; });
      if (stopping) return;
      wanted = false;
      lock.unlock();
      auto found = examine(configuration, Bystander::own_server);
      lock.lock();
      findings = std::move(found);
      made = std::chrono::steady_clock::now();
    }
  }
};

Watch::Watch() : shared_(std::make_shared<Shared>()) {}

Watch::~Watch() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_one();
}

void Watch::begin(const Configuration& configuration) {
  std::thread([shared = shared_, configuration] { shared->run(configuration); }).detach();
}

Findings Watch::latest() {
  const std::lock_guard lock(shared_->mutex);
  if (std::chrono::steady_clock::now() - shared_->made > kStale) {
    shared_->wanted = true;
    shared_->changed.notify_one();
  }
  return shared_->findings;
}

}  // namespace bridgehall::app::doctor

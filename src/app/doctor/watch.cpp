#include "app/doctor/watch.h"

#include "app/doctor/examination.h"

namespace bridgehall::app::doctor {

void Watch::begin(const Configuration& configuration) {
  configuration_ = configuration;
  thread_ = std::thread([this] { run(); });
}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Findings Watch::latest() {
  const std::lock_guard lock(mutex_);
  if (std::chrono::steady_clock::now() - made_ > kStale) {
    wanted_ = true;
    changed_.notify_one();
  }
  return findings_;
}

void Watch::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    auto findings = examine(configuration_, Bystander::own_server);
    lock.lock();
    findings_ = std::move(findings);
    made_ = std::chrono::steady_clock::now();
  }
}

}  // namespace bridgehall::app::doctor

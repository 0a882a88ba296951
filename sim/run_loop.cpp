#include "sim/run_loop.h"

#include <algorithm>

namespace bridgehall::sim {
namespace {

TimePoint rounded_up(TimePoint t, Duration step) {
  if (step == Duration{} || t == kNever) return t;
  return TimePoint{Duration{(t.time_since_epoch().count() + step.count() - 1) / step.count() * step.count()}};
}

}  // namespace

void RunLoop::run_until(TimePoint end) {
  while (step_before(end)) {
  }
}

bool RunLoop::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = now() + limit;
  while (!done())
    if (!step_before(end)) return done();
  return true;
}

bool RunLoop::step_before(TimePoint end) {
  auto next = next_event();
  if (!agenda_.empty()) next = std::min(next, agenda_.begin()->first);
  next = rounded_up(next, step_length_);
  if (next > end) {
    world_.now = std::max(world_.now, end);
    return false;
  }
  world_.now = std::max(world_.now, next);
  if (now() != last_step_) steps_at_once_ = 0;
  last_step_ = now();
  if (++steps_at_once_ == kMostAtOnce) {
    world_.violations.add(now(), "time stands still");
    world_.now += 1ms;
  }
  while (!agenda_.empty() && agenda_.begin()->first <= now()) {
    const auto action = std::move(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    action();
  }
  step();
  return true;
}

}  // namespace bridgehall::sim

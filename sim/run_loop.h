// The loop of one run, the same for every kind of simulation: a world, an agenda of what is to happen when, and virtual
// time that goes from one event to the next. Which events there are and what a step does is the simulation's.
#pragma once

#include <functional>
#include <map>

#include "sim/world.h"

namespace bridgehall::sim {

class RunLoop {
 public:
  World& world() { return world_; }
  const World& world() const { return world_; }
  TimePoint now() const { return world_.now; }

  // Actions of the same time happen in the order in which they were added, before anything else of that time.
  void at(TimePoint time, std::function<void()> action) { agenda_.emplace(time, std::move(action)); }
  void run_until(TimePoint end);
  void run_for(Duration duration) { run_until(now() + duration); }
  // Runs until `done` or `limit`; true when done.
  bool run_until(const std::function<bool()>& done, Duration limit);

 protected:
  // Events are taken together in steps of that length: what a turn of a busy server's loop takes. Zero: each at its
  // own time.
  RunLoop(std::uint64_t seed, bool verbose, Duration step_length) : world_(seed, verbose), step_length_(step_length) {}
  ~RunLoop() = default;

  // When the simulation wants its next step.
  virtual TimePoint next_event() const = 0;
  virtual void step() = 0;

 private:
  // Whoever asks to be called at once must get on by being called.
  static constexpr unsigned kMostAtOnce = 10'000;

  // False when the next event is after `end`.
  bool step_before(TimePoint end);

  World world_;
  Duration step_length_;
  std::multimap<TimePoint, std::function<void()>> agenda_;
  TimePoint last_step_{};
  unsigned steps_at_once_ = 0;
};

}  // namespace bridgehall::sim

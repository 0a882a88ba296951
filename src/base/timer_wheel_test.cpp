#include "base/timer_wheel.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Key = TimerWheel::Key;

constexpr TimePoint kStart{1'000s};

std::vector<Key> expire(TimerWheel& wheel, TimePoint now) {
  std::vector<Key> fired;
  wheel.expire(now, [&](Key key) { fired.push_back(key); });
  return fired;
}

TEST(TimerWheel, FiresAtTheDeadlineRoundedUpToTheTick) {
  TimerWheel wheel(kStart);
  wheel.set(1, kStart + 5ms);
  wheel.set(2, kStart + 5ms + 1ns);
  EXPECT_THAT(expire(wheel, kStart + 5ms - 1ns), IsEmpty());
  EXPECT_THAT(expire(wheel, kStart + 5ms), ElementsAre(1));
  EXPECT_THAT(expire(wheel, kStart + 6ms - 1ns), IsEmpty());
  EXPECT_THAT(expire(wheel, kStart + 6ms), ElementsAre(2));
  EXPECT_THAT(expire(wheel, kStart + 1h), IsEmpty());
}

TEST(TimerWheel, FiresAPastDeadlineAtTheNextTick) {
  TimerWheel wheel(kStart);
  wheel.set(1, kStart - 1h);
  EXPECT_THAT(expire(wheel, kStart), IsEmpty());
  EXPECT_THAT(expire(wheel, kStart + 1ms), ElementsAre(1));
}

TEST(TimerWheel, HoldsDeadlinesBeyondOneTurn) {
  TimerWheel wheel(kStart);
  wheel.set(1, kStart + 30s);
  std::vector<Key> fired;
  auto now = kStart;
  for (; fired.empty() && now < kStart + 1min; now += 7ms) fired = expire(wheel, now);
  EXPECT_THAT(fired, ElementsAre(1));
  EXPECT_LE(now - 7ms, kStart + 30s + 7ms);
  EXPECT_GE(now - 7ms, kStart + 30s);
}

TEST(TimerWheel, AJumpOverManyTurnsMissesNothing) {
  TimerWheel wheel(kStart);
  for (Key key = 0; key < 100; ++key) wheel.set(key, kStart + (key + 1) * 100ms);
  EXPECT_EQ(expire(wheel, kStart + 1h).size(), 100u);
  EXPECT_THAT(expire(wheel, kStart + 2h), IsEmpty());
}

TEST(TimerWheel, MovesATimerBothWays) {
  TimerWheel wheel(kStart);
  wheel.set(1, kStart + 100ms);
  wheel.set(1, kStart + 10ms);
  wheel.set(2, kStart + 10ms);
  wheel.set(2, kStart + 100ms);
  EXPECT_THAT(expire(wheel, kStart + 10ms), ElementsAre(1));
  EXPECT_THAT(expire(wheel, kStart + 99ms), IsEmpty());
  EXPECT_THAT(expire(wheel, kStart + 100ms), ElementsAre(2));
}

TEST(TimerWheel, AClearedTimerStaysSilentUntilSetAgain) {
  TimerWheel wheel(kStart);
  wheel.set(1, kStart + 10ms);
  wheel.set(1, kNever);
  wheel.set(2, kNever);
  EXPECT_THAT(expire(wheel, kStart + 5ms), IsEmpty());
  wheel.set(2, kStart + 10ms);
  EXPECT_THAT(expire(wheel, kStart + 10ms), ElementsAre(2));
  wheel.set(1, kStart + 20ms);
  EXPECT_THAT(expire(wheel, kStart + 20ms), ElementsAre(1));
}

TEST(TimerWheel, FireMaySetAnyTimer) {
  TimerWheel wheel(kStart);
  wheel.set(1, kStart + 10ms);
  std::vector<Key> fired;
  const auto now = kStart + 10ms;
  wheel.expire(now, [&](Key key) {
    fired.push_back(key);
    wheel.set(1, now);                // due already: the next tick, not this call
    wheel.set(5'000, now + 4'096ms);  // makes the table grow; lands in the bucket being emptied
  });
  EXPECT_THAT(fired, ElementsAre(1));
  EXPECT_THAT(expire(wheel, kStart + 11ms), ElementsAre(1));
  EXPECT_THAT(expire(wheel, now + 4'095ms), IsEmpty());
  EXPECT_THAT(expire(wheel, now + 4'096ms), ElementsAre(5'000));
}

TEST(TimerWheel, ATimerClearedInsideFireDoesNotFire) {
  TimerWheel wheel(kStart);
  wheel.set(1, kStart + 10ms);
  wheel.set(2, kStart + 11ms);
  std::vector<Key> fired;
  wheel.expire(kStart + 20ms, [&](Key key) {
    fired.push_back(key);
    wheel.set(3 - key, kNever);
  });
  EXPECT_THAT(fired, ElementsAre(1));
}

TEST(TimerWheel, TimeThatStandsStillOrGoesBackFiresNothing) {
  TimerWheel wheel(kStart);
  wheel.set(1, kStart + 1ms);
  EXPECT_THAT(expire(wheel, kStart), IsEmpty());
  EXPECT_THAT(expire(wheel, kStart - 1h), IsEmpty());
  EXPECT_THAT(expire(wheel, kStart + 1ms), ElementsAre(1));
}

TEST(TimerWheel, NextDeadlineIsNeverWithoutTimers) {
  TimerWheel wheel(kStart);
  EXPECT_EQ(wheel.next_deadline(), kNever);
  wheel.set(1, kStart + 10ms);
  EXPECT_EQ(wheel.next_deadline(), kStart + 10ms);
  wheel.set(2, kStart + 3ms + 1ns);
  EXPECT_EQ(wheel.next_deadline(), kStart + 4ms);
  EXPECT_THAT(expire(wheel, kStart + 10ms), UnorderedElementsAre(1, 2));
  EXPECT_EQ(wheel.next_deadline(), kNever);
}

// The naive model: deadlines in a map. A timer may not fire before its deadline, and must at the first expire() that
// has reached the deadline's tick, at the earliest the tick after it was set.
class Model {
 public:
  void set(Key key, TimePoint deadline) {
    if (deadline == kNever)
      timers_.erase(key);
    else
      timers_[key] = {deadline, std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline), tick_ + 1ms)};
  }
  // Checks what fired at `now`.
  void expire(TimePoint now, const std::vector<Key>& fired) {
    tick_ = std::max(tick_, std::chrono::floor<std::chrono::milliseconds>(now));
    for (const auto key : fired) {
      RC_ASSERT(timers_.contains(key));
      RC_ASSERT(timers_[key].deadline <= now);
      timers_.erase(key);
    }
    for (const auto& [key, timer] : timers_) RC_ASSERT(timer.latest > tick_);
  }
  TimePoint latest_of_first() const {
    TimePoint first = kNever;
    for (const auto& [key, timer] : timers_) first = std::min(first, TimePoint{timer.latest});
    return first;
  }

 private:
  using Tick = std::chrono::time_point<MonotonicTimeline, std::chrono::milliseconds>;
  struct Timer {
    TimePoint deadline{};
    Tick latest{};
  };
  std::map<Key, Timer> timers_;
  Tick tick_ = std::chrono::floor<std::chrono::milliseconds>(kStart);
};

// Deadlines near, around one turn of the wheel, far, in the past.
TimePoint any_deadline(TimePoint now) {
  const auto microseconds = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-5'000, 20'000),
                                            rc::gen::inRange<std::int64_t>(4'080'000, 4'110'000),
                                            rc::gen::inRange<std::int64_t>(0, 40'000'000));
  return now + std::chrono::microseconds(microseconds);
}

TEST(TimerWheelProperty, FiresAsTheNaiveModelDoes) {
  EXPECT_TRUE(rc::check([] {
    TimerWheel wheel(kStart);
    Model model;
    auto now = kStart;
    const auto set_any = [&] {
      const auto key = *rc::gen::inRange<Key>(0, 12);
      const auto deadline = *rc::gen::inRange(0, 5) == 0 ? kNever : any_deadline(now);
      wheel.set(key, deadline);
      model.set(key, deadline);
    };
    const auto steps = *rc::gen::inRange(0, 120);
    for (int step = 0; step < steps; ++step) {
      if (*rc::gen::arbitrary<bool>()) {
        set_any();
        RC_ASSERT(wheel.next_deadline() <= model.latest_of_first());
        continue;
      }
      now += std::chrono::microseconds(*rc::gen::oneOf(rc::gen::inRange(0, 3'000), rc::gen::inRange(0, 9'000'000)));
      const auto fired = expire(wheel, now);
      model.expire(now, fired);
      RC_ASSERT(wheel.next_deadline() <= model.latest_of_first());
    }
  }));
}

TEST(TimerWheelProperty, TimersSetInsideFireObeyTheModelToo) {
  EXPECT_TRUE(rc::check([] {
    TimerWheel wheel(kStart);
    std::map<Key, TimePoint> deadlines;
    auto now = kStart;
    for (Key key = 0; key < 8; ++key) wheel.set(key, deadlines[key] = any_deadline(now));
    for (int step = 0; step < 60; ++step) {
      now += std::chrono::microseconds(
          *rc::gen::oneOf(rc::gen::inRange(1'000, 3'000), rc::gen::inRange(1'000, 9'000'000)));
      std::map<Key, int> fired;
      wheel.expire(now, [&](Key key) {
        RC_ASSERT(deadlines[key] <= now);
        RC_ASSERT(++fired[key] == 1);
        wheel.set(key, deadlines[key] = any_deadline(now));
        const Key other = *rc::gen::inRange<Key>(0, 8);
        if (other != key && !fired.contains(other)) wheel.set(other, deadlines[other] = any_deadline(now));
      });
      for (const auto& [key, deadline] : deadlines)
        RC_ASSERT(fired.contains(key) || deadline > now - 1ms || wheel.next_deadline() <= now + 1ms);
    }
  }));
}

TEST(TimerWheelProperty, WakingAtNextDeadlineIsOftenEnoughAndEnds) {
  EXPECT_TRUE(rc::check([] {
    TimerWheel wheel(kStart);
    std::map<Key, TimePoint> deadlines;
    const auto timers = *rc::gen::inRange<Key>(0, 12);
    for (Key key = 0; key < timers; ++key) wheel.set(key, deadlines[key] = any_deadline(kStart));
    int wakes = 0;
    for (auto now = wheel.next_deadline(); now != kNever; now = wheel.next_deadline()) {
      RC_ASSERT(++wakes < 200);
      for (const auto key : expire(wheel, now)) {
        RC_ASSERT(deadlines[key] <= now);
        RC_ASSERT(now < std::max(deadlines[key], kStart) + 1ms + 1ns);
        deadlines.erase(key);
      }
    }
    RC_ASSERT(deadlines.empty());
  }));
}

}  // namespace
}  // namespace bridgehall

// Bounded single-producer single-consumer queue: how threads meet. One thread pushes, one pops; neither waits.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/check.h"

namespace bridgehall {

template <class T>
class SpscRing {
 public:
  // `capacity` is a power of two: the most entries that wait at any time.
  explicit SpscRing(std::size_t capacity) : slots_(capacity), mask_(capacity - 1) {
    BRIDGEHALL_CHECK(std::has_single_bit(capacity));
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Producer only. False when full; `value` is then untouched.
  bool push(T&& value) {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == slots_.size()) return false;
    slots_[tail & mask_] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Producer only: would push() take another?
  bool has_room() const {
    return tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_acquire) < slots_.size();
  }

  // Consumer only.
  std::size_t waiting() const { return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_relaxed); }
  std::optional<T> pop() {
    const auto head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return std::nullopt;
    std::optional<T> value{std::move(*slots_[head & mask_])};
    slots_[head & mask_].reset();
    head_.store(head + 1, std::memory_order_release);
    return value;
  }

 private:
  std::vector<std::optional<T>> slots_;
  std::size_t mask_;
  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};
};

}  // namespace bridgehall

// Bounded single-producer single-consumer queue of large entries that are written and read in place: nothing is copied
// but what the two sides copy themselves. One thread produces, one consumes; neither waits.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

#include "base/check.h"

namespace bridgehall {

template <class T>
class SlotRing {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  // `capacity` is a power of two: the most entries that wait at any time. The system gives the memory as it is used.
  explicit SlotRing(std::size_t capacity)
      : slots_(std::make_unique_for_overwrite<Place[]>(capacity)), capacity_(capacity), mask_(capacity - 1) {
    BRIDGEHALL_CHECK(std::has_single_bit(capacity));
  }
  SlotRing(const SlotRing&) = delete;
  SlotRing& operator=(const SlotRing&) = delete;

  // Producer only. The entry to be written next, as its default constructor leaves it; nullptr when the ring is full.
  // publish() passes it on.
  T* next() {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == capacity_) return nullptr;
    return ::new (slots_[tail & mask_].bytes) T;
  }
  void publish() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  // Consumer only. How many wait; the oldest of them, only where one waits; release() gives its place back.
  std::size_t waiting() const { return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_relaxed); }
  T& front() {
    return *std::launder(reinterpret_cast<T*>(slots_[head_.load(std::memory_order_relaxed) & mask_].bytes));
  }
  void release() { head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  // Either side: how many wait at most.
  std::size_t size() const { return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }

 private:
  struct Place {
    alignas(T) std::byte bytes[sizeof(T)];
  };
  std::unique_ptr<Place[]> slots_;
  std::size_t capacity_;
  std::size_t mask_;
  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};
};

}  // namespace bridgehall

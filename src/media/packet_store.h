// The pool of packet slots of one shard. io receives straight into free slots; a slot whose packet is kept passes to
// its publication's history, which gives it back when the packet is forgotten. One owner at a time, so no counting.
// Memory is reserved once and touched by the system only as it is used, low slots first.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"

namespace bridgehall::media {

using Slot = Id<struct SlotTag>;

class PacketStore {
 public:
  // Ethernet's 1,500 bytes and some; longer datagrams are dropped as truncated. A multiple of the cache line.
  static constexpr std::size_t kSlotSize = 1536;

  explicit PacketStore(std::uint32_t slots)
      : memory_(std::make_unique_for_overwrite<std::uint8_t[]>(std::size_t{slots} * kSlotSize)), capacity_(slots) {
    free_.reserve(slots);
    for (std::uint32_t i = slots; i > 0; --i) free_.push_back(Slot{i - 1});
  }

  bool empty() const { return free_.empty(); }
  std::size_t in_use() const { return capacity_ - free_.size(); }

  // Only when not empty().
  Slot acquire() {
    BRIDGEHALL_CHECK(!free_.empty());
    const auto slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void release(Slot slot) { free_.push_back(slot); }

  MutableBytes bytes(Slot slot) { return {memory_.get() + std::size_t{slot.value()} * kSlotSize, kSlotSize}; }
  BytesView bytes(Slot slot) const { return {memory_.get() + std::size_t{slot.value()} * kSlotSize, kSlotSize}; }

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t capacity_;
  std::vector<Slot> free_;
};

}  // namespace bridgehall::media

// The packets of one publication that the shard still has, in the order in which they arrived. It owns their slots.
// Everyone else holds arrival numbers: a number is slot and generation in one, since an overwritten packet's number is
// below oldest() for ever. Receivers keep a cursor into it, so a slow one needs no queue of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "media/indices.h"
#include "media/packet_store.h"
#include "wire/frame_facts.h"
#include "wire/payload.h"

namespace bridgehall::media {

// Position in a history: 0, 1, 2, … in order of arrival.
using Arrival = std::uint64_t;
// Packets whose numbers compare: of one layer, one sender, one opening of the gate. Unique in the shard.
using Epoch = std::uint32_t;

struct StoredPacket {
  Slot slot{};
  std::uint32_t timestamp = 0;
  std::int64_t sequence = 0;  // extended, of this epoch's sender
  TimePoint arrived_at{};
  Epoch epoch = 0;
  PublicationIndex voice = kNoPublication;  // on a room's voice line: who speaks
  std::uint16_t payload_offset = 0;
  std::uint16_t payload_size = 0;
  std::uint16_t dependency_descriptor_offset = 0;
  std::uint8_t dependency_descriptor_size = 0;
  std::uint8_t audio_level = 0;  // RFC 6464: V bit and level
  std::uint8_t video_orientation = 0;
  bool has_audio_level = false;
  bool has_video_orientation = false;
  bool marker = false;
  wire::PayloadInfo payload{};
  wire::FrameFacts frame{};
};

class History {
 public:
  // How far behind a keyframe's first packet others of it are looked for.
  static constexpr Arrival kLookBack = 128;

  // `capacity` is a power of two: video 1,024 (2.4 s at 4 Mb/s), audio 128 (2.5 s), longer than any retransmission is
  // of use. The ring is made with the first packet: most publications of a large conference never send one.
  History(std::uint32_t capacity, PacketStore& store) : store_(store), mask_(capacity - 1) {
    BRIDGEHALL_CHECK((capacity & mask_) == 0);
  }
  History(const History&) = delete;
  History& operator=(const History&) = delete;
  ~History() { clear(); }

  Arrival next() const { return next_; }
  Arrival oldest() const { return oldest_; }
  bool empty() const { return oldest_ == next_; }
  std::size_t size() const { return next_ - oldest_; }

  // Where a keyframe begins whose first packet, at `first`, came late: later ones of it lie before that one.
  Arrival first_of_keyframe(Arrival first) const {
    const auto& keyframe = *at(first);
    for (auto arrival = std::max(oldest_, first > kLookBack ? first - kLookBack : 0); arrival < first; ++arrival) {
      const auto& earlier = *at(arrival);
      if (earlier.epoch == keyframe.epoch && earlier.sequence > keyframe.sequence) return arrival;
    }
    return first;
  }

  // Takes over packet.slot; the oldest packet goes when the ring is full.
  void push(const StoredPacket& packet) {
    if (ring_.empty()) ring_.resize(mask_ + 1);
    if (next_ - oldest_ == ring_.size()) drop_oldest();
    ring_[next_ & mask_] = packet;
    ++next_;
  }
  void drop_oldest() {
    store_.release(ring_[oldest_ & mask_].slot);
    ++oldest_;
  }
  // Those that arrived before `limit` go, two at most for each that comes: so a history becomes short soon, and no
  // packet pays for many. The newest stays.
  void forget_before(TimePoint limit) {
    for (int i = 0; i < 2 && size() > 1 && ring_[oldest_ & mask_].arrived_at < limit; ++i) drop_oldest();
  }
  void clear() {
    while (!empty()) drop_oldest();
  }
  // Nothing is expected for a while: the ring goes too, 120 KiB of a video layer.
  void put_away() {
    clear();
    ring_ = {};
  }

  // nullptr when it is gone or has not come yet.
  const StoredPacket* at(Arrival arrival) const {
    return arrival >= oldest_ && arrival < next_ ? &ring_[arrival & mask_] : nullptr;
  }

 private:
  PacketStore& store_;
  std::vector<StoredPacket> ring_;
  Arrival mask_;
  Arrival oldest_ = 0;
  Arrival next_ = 0;
};

}  // namespace bridgehall::media

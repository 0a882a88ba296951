// What a decoder could show of the packets that came: a frame is complete when all its packets are there, and decodable
// when it is a keyframe or the frame before it was decoded. Knows the truth from the ledger, so it never guesses.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/ledger.h"

namespace bridgehall::sim {

class FrameModel {
 public:
  // A packet with content came. Returns how many frames can be shown by it.
  int on_packet(BroadcastId broadcast, const SentPacket& packet, TimePoint now);

  std::uint64_t decoded() const { return decoded_; }
  TimePoint newest_capture() const { return newest_capture_; }  // of the newest decoded frame
  // Since when packets come that cannot be shown; kNever when all is well.
  TimePoint stuck_since() const { return stuck_since_; }

 private:
  using Key = std::pair<std::uint32_t, std::uint32_t>;  // broadcast, frame
  struct Frame {
    std::vector<bool> packets;
    std::uint32_t missing = 0;
    bool keyframe = false;
    TimePoint captured_at{};
  };
  int decode_what_can_be();
  void show(std::map<Key, Frame>::iterator frame);

  std::map<Key, Frame> frames_;  // newer than the last decoded
  Key last_{};
  bool any_ = false;
  std::uint64_t decoded_ = 0;
  TimePoint newest_capture_{};
  TimePoint stuck_since_ = kNever;
};

}  // namespace bridgehall::sim

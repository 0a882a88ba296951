#include "sim/frame_model.h"

namespace bridgehall::sim {

int FrameModel::on_packet(BroadcastId broadcast, const SentPacket& packet, TimePoint now) {
  const Key key{broadcast.value(), packet.frame};
  if (any_ && key <= last_) return 0;
  auto& frame = frames_[key];
  if (frame.packets.empty()) {
    frame.packets.resize(packet.frame_packets);
    frame.missing = packet.frame_packets;
    frame.keyframe = packet.keyframe;
    frame.captured_at = packet.captured_at;
  }
  if (frame.packets[packet.index]) return 0;
  frame.packets[packet.index] = true;
  const int shown = --frame.missing == 0 ? decode_what_can_be() : 0;
  if (frames_.empty())
    stuck_since_ = kNever;
  else if (shown > 0 || stuck_since_ == kNever)
    stuck_since_ = now;
  return shown;
}

int FrameModel::decode_what_can_be() {
  int shown = 0;
  for (bool again = true; again;) {
    again = false;
    // A complete keyframe ahead is a better place to go on from than a gap.
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      if (!frame->second.keyframe || frame->second.missing > 0) continue;
      show(std::prev(frame.base()));
      ++shown;
      again = true;
      break;
    }
    const auto next = frames_.begin();
    if (again || !any_ || next == frames_.end()) continue;
    if (next->first != Key{last_.first, last_.second + 1} || next->second.missing > 0) continue;
    show(next);
    ++shown;
    again = true;
  }
  return shown;
}

void FrameModel::show(std::map<Key, Frame>::iterator frame) {
  last_ = frame->first;
  newest_capture_ = frame->second.captured_at;
  any_ = true;
  ++decoded_;
  frames_.erase(frames_.begin(), std::next(frame));
}

}  // namespace bridgehall::sim

// What a participant of a load test receives: its slots, and the feedback that a browser gives about them:
// transport-wide congestion control, NACK, PLI and receiver reports each second. Sans-IO; lives on the generator's one
// thread.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "load/arrival_feedback.h"
#include "load/peer_link.h"
#include "load/slot_receiver.h"

namespace bridgehall::load {

class MediaReceiver {
 public:
  MediaReceiver(std::vector<SlotReceiver> slots, std::string cname, RandomSource& random);

  // `arrived`: when it came out of the line, which is what the feedback tells; the rest goes by `now`.
  void handle_rtp(MutableBytes datagram, PeerLink& link, TimePoint now, TimePoint arrived, LatencyHistogram* latency);
  void handle_rtcp(BytesView compound, TimePoint now);
  void handle_timeout(TimePoint now, PeerLink& link);
  TimePoint next_deadline() const;

  std::span<const SlotReceiver> slots() const { return slots_; }
  SlotCounters counters() const;
  // The end of the first picture that came whole in any slot.
  std::optional<TimePoint> first_frame() const { return first_frame_; }

 private:
  SlotReceiver* find(Ssrc ssrc);
  void send_nacks(SlotReceiver& slot, TimePoint now, PeerLink& link);
  void ask_for_keyframe(SlotReceiver& slot, TimePoint now, PeerLink& link);
  void send_reports(TimePoint now, PeerLink& link);

  std::string cname_;
  Ssrc own_ssrc_;
  std::vector<SlotReceiver> slots_;
  ArrivalFeedback arrivals_;
  TimePoint next_report_{};
  std::optional<TimePoint> first_frame_;
  std::uint64_t strays_ = 0;
};

}  // namespace bridgehall::load

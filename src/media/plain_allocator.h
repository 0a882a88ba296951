// The plain rule for a weak line: a ladder of seven rungs, from everything as wanted down to audio only. Down when the
// line is bad, one rung up after it was good for a while; a rung that failed is tried again ever more rarely. Sound is
// never taken away. Small, no allocation; see allocator.h.
//
// The figures and why:
// - Bad: more than 10 % lost for a second (what NACK and the codecs repair without being noticed ends about there; 2 to
//   5 % is everyday radio), 30 % at once; or a queue of 150 ms (ITU-T G.114's bound for easy conversation, and more
//   than the jitter of a busy radio link); or two seconds without an answer.
// - Loss that makes no queue and stays when less is sent is the line's own: below 30 % it does not take the stage's low
//   layer away.
// - Down as far as what came through says, less the room to empty the queue within a second; at least one rung.
#pragma once

#include <array>
#include <cstdint>

#include "media/allocator.h"

namespace bridgehall::media {

class PlainAllocator final : public Allocator {
 public:
  enum class Rung : std::uint8_t {
    everything,
    tiles_low,
    tiles_off,
    slides_low,
    stage_low,
    slides_off,  // the stage's low layer and sound
    audio_only,
  };
  static constexpr std::size_t kRungs = 7;

  static constexpr double kBadLoss = 0.10;
  static constexpr double kTerribleLoss = 0.30;
  static constexpr double kGoodLoss = 0.07;
  static constexpr Duration kLossPatience = 1s;
  static constexpr Duration kBadQueue = 150ms;
  static constexpr Duration kGoodQueue = 75ms;
  static constexpr Duration kMaxUnanswered = 2s;
  static constexpr Duration kQueuePatience = 500ms;  // and a round trip: what a step down needs to show
  static constexpr Duration kFirstWait = 5s;         // of good line before a rung up
  static constexpr Duration kLongestWait = 60s;
  static constexpr Duration kProbation = 10s;  // a line that turns bad this soon after a rung up was overfilled by it

  void allocate(const session::LineSummary& line, std::span<const SlotDemand> demands, std::span<SlotGrant> grants,
                TimePoint now) override;

  Rung rung() const { return rung_; }

  // What a slot gets on a rung.
  static SlotGrant grant(const SlotDemand& demand, Rung rung);

 private:
  enum class Line : std::uint8_t { good, fair, lossy, bad };
  Line judge(const session::LineSummary& line, TimePoint now);
  void step_down(const session::LineSummary& line, std::span<const SlotDemand> demands, Rung lowest, TimePoint now);
  void step_up(std::span<const SlotDemand> demands, TimePoint now);

  Rung rung_ = Rung::everything;
  std::array<std::uint8_t, kRungs> failures_{};  // of the step up to this rung: its wait doubles with each
  TimePoint lossy_since_ = kNever;
  TimePoint good_since_ = kNever;
  TimePoint stepped_down_at_{};
  TimePoint stepped_up_at_{};
  bool on_probation_ = false;
  bool stepped_down_ = false;
  Duration queue_at_step_{};
};

}  // namespace bridgehall::media

// The plain rule for a weak line: a ladder of seven rungs, from everything as wanted down to audio only. Down when the
// line is bad, one rung up after it was good for a while; a rung that failed is tried again ever more rarely. Sound is
// never taken away. A rung on which nothing differs from the one before is passed over. Small, no allocation; see
// allocator.h.
//
// The figures and why:
// - Lossy: more than 10 % lost, for a second. What NACK and the codecs repair unnoticed ends about there; 2 to 5 % is
//   everyday radio. One rung down each time; but loss that makes no queue and stays when less is sent is the line's
//   own, so it does not take the stage's low layer away.
// - Bad: 30 % lost; a queue of 150 ms, which is ITU-T G.114's bound for easy conversation and more than the jitter of
//   busy radio; or two seconds without an answer. Down until what is left fits into what came through of late, less the
//   room to empty the queue within a second; with a queue of 400 ms at least to the stage's low layer. The stage itself
//   goes only when the line is shown not to carry it.
// - A line that fell silent without a queue (its peer slept, or changed its network) and speaks again is taken for what
//   it was: back to the rung of before as soon as it is good for a moment. It is told first what was lost or late
//   meanwhile, so it has some seconds for that.
// - Every share of losses has to be exceeded by two standard deviations of chance, so that a line with little
//   traffic is not judged by a few packets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

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
    slides_off,  // what remains: the stage's low layer and sound
    audio_only,
  };
  static constexpr std::size_t kRungs = 7;

  static constexpr double kGoodLoss = 0.07;
  static constexpr double kBadLoss = 0.10;
  static constexpr double kTerribleLoss = 0.30;
  static constexpr std::uint32_t kLeastPackets = 20;  // fewer say nothing
  static constexpr Duration kGoodQueue = 75ms;
  static constexpr Duration kBadQueue = 150ms;
  static constexpr Duration kTerribleQueue = 400ms;
  static constexpr Duration kMaxUnanswered = 2s;

  // What a step down needs to show, beside a round trip; LineMonitor remembers losses for 1.5 s.
  static constexpr Duration kQueuePatience = 500ms;
  static constexpr Duration kLossPatience = 1500ms;
  static constexpr Duration kLossyTime = 1s;
  static constexpr Duration kFirstWait = 5s;  // of good line before a rung up; doubled by each failure of that rung
  static constexpr Duration kLongestWait = 60s;
  static constexpr Duration kAfterSilence = 500ms;    // of good line before all is given again
  static constexpr Duration kSilenceRemembered = 4s;  // after the first answer
  static constexpr Duration kProbation = 10s;  // a line that turns bad this soon after a rung up was overfilled by it

  void allocate(const session::LineSummary& line, std::span<const SlotDemand> demands, std::span<SlotGrant> grants,
                TimePoint now) override;

  Rung rung() const { return rung_; }

  // What a slot gets on a rung.
  static SlotGrant grant(const SlotDemand& demand, Rung rung);

 private:
  enum class Line : std::uint8_t { good, fair, lossy, bad };
  Line judge(const session::LineSummary& line, TimePoint now);
  bool step_down_due(const session::LineSummary& line, Line judgement, TimePoint now);
  void step_down(const session::LineSummary& line, Line judgement, std::span<const SlotDemand> demands, TimePoint now);
  void step_up(std::span<const SlotDemand> demands, TimePoint now);
  void follow_silence(const session::LineSummary& line, Line judgement, TimePoint now);
  Duration wait_for(Rung rung) const;

  Rung rung_ = Rung::everything;
  std::array<std::uint8_t, kRungs> failures_{};  // of the step up to each rung
  bool on_probation_ = false;
  TimePoint stepped_up_at_{};
  TimePoint patient_until_{};      // the last step down has not shown yet
  Duration queue_when_stepped_{};  // and this was the queue then
  TimePoint lossy_since_ = kNever;
  TimePoint good_since_ = kNever;
  std::optional<Rung> before_silence_;
  TimePoint answered_since_ = kNever;  // after silence
};

}  // namespace bridgehall::media

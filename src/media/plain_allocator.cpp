#include "media/plain_allocator.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace bridgehall::media {
namespace {

using Rung = PlainAllocator::Rung;

constexpr Rung below(Rung rung) { return static_cast<Rung>(static_cast<std::uint8_t>(rung) + 1); }
constexpr Rung above(Rung rung) { return static_cast<Rung>(static_cast<std::uint8_t>(rung) - 1); }

enum class Share : std::uint8_t { full, low, off };

Share share_of(SlotUse use, Rung rung) {
  switch (use) {
    case SlotUse::voice:
      return Share::full;
    case SlotUse::stage:
      return rung < Rung::stage_low ? Share::full : rung < Rung::audio_only ? Share::low : Share::off;
    case SlotUse::slides:
      return rung < Rung::slides_low ? Share::full : rung < Rung::slides_off ? Share::low : Share::off;
    case SlotUse::tile:
      return rung < Rung::tiles_low ? Share::full : rung < Rung::tiles_off ? Share::low : Share::off;
  }
  return Share::off;
}

// More lost than `ratio`, and not by chance.
bool loses_more(const session::LineSummary& line, double ratio) {
  if (line.packets < PlainAllocator::kLeastPackets) return false;
  const auto packets = static_cast<double>(line.packets);
  return line.lost > ratio * packets + 2 * std::sqrt(ratio * (1 - ratio) * packets);
}

std::uint64_t bitrate(const SlotDemand& demand, SlotGrant grant) {
  for (int layer = grant.highest_layer; layer >= 0; --layer)
    if (const auto rate = demand.layer_bitrates[static_cast<std::size_t>(layer)]) return rate;
  return 0;
}

std::uint64_t bitrate(std::span<const SlotDemand> demands, Rung rung) {
  std::uint64_t sum = 0;
  for (const auto& demand : demands) sum += bitrate(demand, PlainAllocator::grant(demand, rung));
  return sum;
}

bool differ(std::span<const SlotDemand> demands, Rung a, Rung b) {
  return std::any_of(demands.begin(), demands.end(), [&](const SlotDemand& demand) {
    return PlainAllocator::grant(demand, a) != PlainAllocator::grant(demand, b);
  });
}

}  // namespace

SlotGrant PlainAllocator::grant(const SlotDemand& demand, Rung rung) {
  if (demand.use == SlotUse::voice) return {.highest_layer = 0};
  if (!demand.visible) return {};
  const auto share = share_of(demand.use, rung);
  if (share == Share::off) return {.limited_by_line = true};
  const std::size_t wanted = std::min<std::size_t>(demand.wanted_layer, kMaxLayers - 1);
  if (share == Share::full) return {.highest_layer = static_cast<std::int8_t>(wanted)};
  const auto alive = [&](std::size_t layer) { return demand.layer_bitrates[layer] > 0; };
  std::size_t lowest = 0;
  while (lowest < wanted && !alive(lowest)) ++lowest;
  if (!alive(lowest)) lowest = 0;
  bool limited = false;
  for (std::size_t layer = lowest + 1; layer <= wanted; ++layer) limited |= alive(layer);
  return {.highest_layer = static_cast<std::int8_t>(lowest), .limited_by_line = limited};
}

void PlainAllocator::allocate(const session::LineSummary& line, std::span<const SlotDemand> demands,
                              std::span<SlotGrant> grants, TimePoint now) {
  BRIDGEHALL_CHECK(grants.size() == demands.size());
  if (on_probation_ && now - stepped_up_at_ >= kProbation) {
    on_probation_ = false;
    failures_[static_cast<std::size_t>(rung_)] = 0;
  }
  const auto judgement = judge(line, now);
  if (judgement != Line::good)
    good_since_ = kNever;
  else if (good_since_ == kNever)
    good_since_ = now;
  follow_silence(line, judgement, now);
  if (judgement == Line::good) {
    queue_when_stepped_ = 0ns;
    step_up(demands, now);
  } else if (step_down_due(line, judgement, now)) {
    step_down(line, judgement, demands, now);
  }
  for (std::size_t i = 0; i < demands.size(); ++i) grants[i] = grant(demands[i], rung_);
}

// Remembers where it stood when the line fell silent, and goes back there when it speaks again.
void PlainAllocator::follow_silence(const session::LineSummary& line, Line judgement, TimePoint now) {
  if (line.unanswered > kMaxUnanswered) {
    answered_since_ = kNever;
    if (!before_silence_ && judgement == Line::bad && line.queueing_delay < kBadQueue) before_silence_ = rung_;
    return;
  }
  if (!before_silence_) return;
  if (answered_since_ == kNever) answered_since_ = now;
  if (now - answered_since_ > kSilenceRemembered) {
    before_silence_.reset();
  } else if (judgement == Line::good && now - good_since_ >= kAfterSilence) {
    if (*before_silence_ < rung_) {
      rung_ = *before_silence_;
      on_probation_ = true;
      stepped_up_at_ = now;
    }
    before_silence_.reset();
  }
}

PlainAllocator::Line PlainAllocator::judge(const session::LineSummary& line, TimePoint now) {
  if (!loses_more(line, kBadLoss))
    lossy_since_ = kNever;
  else if (lossy_since_ == kNever)
    lossy_since_ = now;
  if (line.queueing_delay > kBadQueue || line.unanswered > kMaxUnanswered || loses_more(line, kTerribleLoss))
    return Line::bad;
  if (lossy_since_ != kNever && now - lossy_since_ >= kLossyTime) return Line::lossy;
  const bool good = line.queueing_delay < kGoodQueue && line.unanswered < kMaxUnanswered / 2 &&
                    lossy_since_ == kNever && !loses_more(line, kGoodLoss);
  return good ? Line::good : Line::fair;
}

bool PlainAllocator::step_down_due(const session::LineSummary& line, Line judgement, TimePoint now) {
  if (judgement == Line::fair || now < patient_until_) return false;
  if (line.queueing_delay < kBadQueue || line.queueing_delay > queue_when_stepped_ * 3 / 4) return true;
  queue_when_stepped_ = line.queueing_delay;  // it is emptying
  patient_until_ = now + kQueuePatience;
  return false;
}

void PlainAllocator::step_down(const session::LineSummary& line, Line judgement, std::span<const SlotDemand> demands,
                               TimePoint now) {
  // Delay alone may be the receiver's own, when it has too much to do: then less does not help, and what is sent
  // arrives in full. The stage goes only from a line that does not carry it.
  const bool too_narrow =
      line.unanswered > kMaxUnanswered || loses_more(line, kTerribleLoss) ||
      (line.acknowledged_bitrate && *line.acknowledged_bitrate < bitrate(demands, Rung::slides_off));
  const auto lowest = judgement != Line::bad ? Rung::stage_low : too_narrow ? Rung::audio_only : Rung::slides_off;
  const auto start = rung_;
  auto rung = rung_;
  while (rung < lowest && !differ(demands, start, rung)) rung = below(rung);
  if (!differ(demands, start, rung)) return;
  if (judgement == Line::bad && line.acknowledged_bitrate) {
    const double queue = std::chrono::duration<double>(line.queueing_delay).count();
    const double fits = static_cast<double>(*line.acknowledged_bitrate) * std::clamp(1 - queue, 0.3, 0.85);
    while (rung<lowest&& static_cast<double>(bitrate(demands, rung))> fits) rung = below(rung);
  }
  if (line.queueing_delay > kTerribleQueue) rung = std::max(rung, Rung::stage_low);

  if (on_probation_ && line.unanswered <= kMaxUnanswered) {  // silence does not come from filling a line
    on_probation_ = false;
    auto& failures = failures_[static_cast<std::size_t>(start)];
    if (wait_for(start) < kLongestWait) ++failures;
  }
  const bool by_queue = line.queueing_delay > kBadQueue && line.acknowledged_bitrate;
  patient_until_ = now + line.least_round_trip + (by_queue ? kQueuePatience : kLossPatience);
  queue_when_stepped_ = line.queueing_delay;
  rung_ = rung;
}

Duration PlainAllocator::wait_for(Rung rung) const {
  return std::min<Duration>(kFirstWait * (1 << failures_[static_cast<std::size_t>(rung)]), kLongestWait);
}

void PlainAllocator::step_up(std::span<const SlotDemand> demands, TimePoint now) {
  const auto highest_like = [&](Rung rung) {
    auto highest = rung;
    while (highest > Rung::everything && !differ(demands, rung, above(highest))) highest = above(highest);
    return highest;
  };
  const auto same = highest_like(rung_);
  if (same != rung_) {  // other slots than when this rung was taken
    rung_ = same;
    on_probation_ = false;
  }
  if (rung_ == Rung::everything) return;
  const auto next = highest_like(above(rung_));
  if (now - good_since_ < wait_for(next)) return;
  failures_[static_cast<std::size_t>(rung_)] = 0;
  rung_ = next;
  on_probation_ = true;
  stepped_up_at_ = now;
  good_since_ = now;
}

}  // namespace bridgehall::media

#include "sim/ledger.h"

#include <algorithm>

namespace bridgehall::sim {

void Ledger::arrived(std::uint64_t tag, bool from_validated, TimePoint now) {
  if (Tag::kind(tag) == Tag::Kind::none || Tag::kind(tag) == Tag::Kind::check) return;
  const auto first = Tag::broadcast(tag).value();
  if (Tag::kind(tag) == Tag::Kind::report) {
    for (auto i = first; i < first + Tag::index(tag); ++i) {
      auto& reported = broadcasts_[i];
      if (from_validated && now < reported.ended_at && reported.highest_accepted >= 0)
        reported.reported_at = std::min(reported.reported_at, now);
    }
    return;
  }
  auto& broadcast = broadcasts_[first];
  const bool listened_to = from_validated && now < broadcast.ended_at;
  const auto index = Tag::index(tag);
  auto& packet = broadcast.packets[index];
  packet.last_arrival = now;
  if (!listened_to || packet.accepted_at != kNever) return;
  packet.accepted_at = now;
  packet.newest_then = broadcast.highest_accepted;
  const auto& open = gate(broadcast.publication);
  packet.forwardable = open.open;
  packet.gate_period = open.period;
  broadcast.highest_accepted = std::max(broadcast.highest_accepted, static_cast<std::int64_t>(index));
}

}  // namespace bridgehall::sim

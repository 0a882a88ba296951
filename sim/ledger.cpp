#include "sim/ledger.h"

#include <algorithm>

namespace bridgehall::sim {

void Ledger::arrived(std::uint64_t tag, bool from_validated, media::ShardNumber shard, TimePoint now) {
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
  broadcast.shard = shard;
  const auto gate = gate_at(broadcast.publication, shard, now);
  packet.forwardable = gate.open;
  packet.gate_period = gate.period;
  broadcast.highest_accepted = std::max(broadcast.highest_accepted, static_cast<std::int64_t>(index));
}

Gate Ledger::gate_at(media::PublicationId publication, media::ShardNumber shard, TimePoint t) const {
  const auto found = gates_.find(publication);
  if (found == gates_.end() || found->second.size() <= shard.value()) return {};
  const auto& history = found->second[shard.value()];
  for (auto gate = history.rbegin(); gate != history.rend(); ++gate)
    if (gate->changed_at <= t) return *gate;
  return {};
}

void Ledger::set_gate(media::PublicationId publication, media::ShardNumber shard, bool open, TimePoint now) {
  auto& histories = gates_[publication];
  if (histories.size() <= shard.value()) histories.resize(shard.value() + 1);
  auto& history = histories[shard.value()];
  const auto before = history.empty() ? Gate{} : history.back();
  if (before.open != open) history.push_back({open, before.period + open, now});
}

void Ledger::end_broadcasts(media::PublicationId publication, TimePoint now) {
  for (auto& broadcast : broadcasts_)
    if (broadcast.publication == publication) broadcast.ended_at = std::min(broadcast.ended_at, now);
}

void Ledger::end_all(TimePoint now) {
  for (auto& broadcast : broadcasts_) broadcast.ended_at = std::min(broadcast.ended_at, now);
  for (auto& [publication, histories] : gates_)
    for (std::size_t i = 0; i < histories.size(); ++i)
      set_gate(publication, media::ShardNumber{static_cast<std::uint8_t>(i)}, false, now);
}

}  // namespace bridgehall::sim

#include "media/command_router.h"

#include <algorithm>
#include <type_traits>

namespace bridgehall::media {
namespace {

// The peer that a command is for, if it is for one.
std::optional<PeerId> peer_of(const Command& command) {
  return std::visit(
      [](const auto& what) -> std::optional<PeerId> {
        using T = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<T, std::unique_ptr<CreatePeer>>)
          return what->peer;
        else if constexpr (requires { what.peer; })
          return what.peer;
        else
          return std::nullopt;
      },
      command);
}

}  // namespace

ShardNumber CommandRouter::lightest() const {
  return ShardNumber{static_cast<std::uint8_t>(std::min_element(peers_.begin(), peers_.end()) - peers_.begin())};
}

ShardSet CommandRouter::targets(const Command& command) const {
  ShardSet targets;
  if (const auto* create = std::get_if<std::unique_ptr<CreatePeer>>(&command)) {
    const auto shard = shard_of_ufrag((*create)->transport.local.ufrag);
    targets.insert(shard && shard->value() < peers_.size() ? *shard : ShardNumber{});
  } else if (const auto peer = peer_of(command)) {
    if (const auto found = shard_of_.find(*peer); found != shard_of_.end()) targets.insert(found->second);
  } else {
    for (std::size_t i = 0; i < peers_.size(); ++i) targets.insert(ShardNumber{static_cast<std::uint8_t>(i)});
  }
  return targets;
}

Command CommandRouter::copy(const Command& command) {
  return std::visit(
      [](const auto& what) -> Command {
        using T = std::decay_t<decltype(what)>;
        if constexpr (std::is_copy_constructible_v<T>)
          return what;
        else
          BRIDGEHALL_CHECK(false);  // a peer is made at one shard
      },
      command);
}

void CommandRouter::note_sent(const Command& command) {
  if (const auto* create = std::get_if<std::unique_ptr<CreatePeer>>(&command)) {
    ShardNumber shard;
    targets(command).for_each([&](ShardNumber target) { shard = target; });
    if (shard_of_.try_emplace((*create)->peer, shard).second) ++peers_[shard.value()];
  } else if (const auto* read = std::get_if<ReadCounters>(&command)) {
    sums_[read->request] = {std::make_unique<ShardCounters>(), peers_.size()};
  }
}

std::optional<Event> CommandRouter::hear(Event&& event) {
  if (auto* counters = std::get_if<std::unique_ptr<ShardCounters>>(&event)) return add_up(std::move(*counters));
  if (const auto* closed = std::get_if<PeerClosed>(&event)) forget(closed->peer);
  if (const auto* refused = std::get_if<PeerRefused>(&event)) forget(refused->peer);
  return std::move(event);
}

std::optional<Event> CommandRouter::add_up(std::unique_ptr<ShardCounters>&& counters) {
  const auto found = sums_.find(counters->request);
  if (found == sums_.end()) return std::nullopt;
  auto& sum = found->second;
  sum.counters->request = counters->request;
  sum.counters->add(*counters);
  if (--sum.missing > 0) return std::nullopt;
  auto whole = std::move(sum.counters);
  sums_.erase(found);
  return Event{std::move(whole)};
}

void CommandRouter::forget(PeerId peer) {
  const auto found = shard_of_.find(peer);
  if (found == shard_of_.end()) return;
  --peers_[found->second.value()];
  shard_of_.erase(found);
}

}  // namespace bridgehall::media

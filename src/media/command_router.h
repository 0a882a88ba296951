// Which shards carry out a command, and what control is to hear of their events: to control the shards are one media
// core. Control thread; plain values. Bounded by the peers there are.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "media/api.h"
#include "media/shard_number.h"

namespace bridgehall::media {

class CommandRouter {
 public:
  explicit CommandRouter(std::size_t shards) : peers_(shards) { BRIDGEHALL_CHECK(shards >= 1 && shards <= kMaxShards); }

  std::size_t shards() const { return peers_.size(); }
  // Where the next peer is best made: the shard with the fewest, the first of several.
  ShardNumber lightest() const;

  // Who carries it out: all shards, or the one at which the peer lives; nobody when that peer is gone.
  ShardSet targets(const Command& command) const;
  // Calls give(shard, command) for each target, with a copy for all but the last.
  template <class Give>
  void deliver(Command&& command, Give&& give) {
    auto rest = targets(command);
    note_sent(command);
    while (!rest.empty()) {
      const auto shard = rest.take_first();
      give(shard, rest.empty() ? std::move(command) : copy(command));
    }
  }

  // What control is to hear of an event: nothing of counters until all shards have answered; then their sum.
  std::optional<Event> hear(Event&& event);

 private:
  static Command copy(const Command& command);
  void note_sent(const Command& command);

  struct Sum {
    std::unique_ptr<ShardCounters> counters;
    std::size_t missing = 0;
  };
  std::optional<Event> add_up(std::unique_ptr<ShardCounters>&& counters);
  void forget(PeerId peer);

  std::vector<std::size_t> peers_;  // by shard
  std::unordered_map<PeerId, ShardNumber> shard_of_;
  std::unordered_map<std::uint64_t, Sum> sums_;  // by request
};

}  // namespace bridgehall::media

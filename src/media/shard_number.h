// Shards by number. The first character of an ICE ufrag of ours names the shard at which the peer lives, so that any
// shard can pass a check on to it. Plain values.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "base/id.h"

namespace bridgehall::media {

using ShardNumber = Id<struct ShardTag, std::uint8_t>;

// One for each ice-char (RFC 8839 section 5.4), and for each bit of a ShardSet.
inline constexpr std::size_t kMaxShards = 64;
inline constexpr std::string_view kShardLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static_assert(kShardLetters.size() == kMaxShards);

// What a ufrag of a peer of that shard begins with.
inline std::string_view shard_prefix(ShardNumber shard) {
  BRIDGEHALL_CHECK(shard.value() < kMaxShards);
  return kShardLetters.substr(shard.value(), 1);
}
// Attacker's input: it may name a shard that is not there, or none.
inline std::optional<ShardNumber> shard_of_ufrag(std::string_view ufrag) {
  const auto at = ufrag.empty() ? std::string_view::npos : kShardLetters.find(ufrag.front());
  if (at == std::string_view::npos) return std::nullopt;
  return ShardNumber{static_cast<std::uint8_t>(at)};
}

class ShardSet {
 public:
  bool empty() const { return bits_ == 0; }
  bool contains(ShardNumber shard) const { return (bits_ >> shard.value() & 1) != 0; }
  void insert(ShardNumber shard) { bits_ |= std::uint64_t{1} << shard.value(); }
  void erase(ShardNumber shard) { bits_ &= ~(std::uint64_t{1} << shard.value()); }
  void clear() { bits_ = 0; }
  // The lowest, which leaves the set. Only where there is one.
  ShardNumber take_first() {
    const ShardNumber first{static_cast<std::uint8_t>(std::countr_zero(bits_))};
    bits_ &= bits_ - 1;
    return first;
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (auto rest = bits_; rest != 0; rest &= rest - 1)
      visit(ShardNumber{static_cast<std::uint8_t>(std::countr_zero(rest))});
  }

 private:
  std::uint64_t bits_ = 0;
};

}  // namespace bridgehall::media

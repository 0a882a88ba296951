// How many failures (tokens and invitations that are not valid) an address may have answered in full. Only failures are
// counted and only they are affected: whoever shows a valid token is served, whatever else comes from its address.
// Owned by Control, control thread. Bounds: one table of fixed size, 32 KB; networks share a place by a secret hash, so
// that nobody can choose whose place to use up, and sharing costs a failure its long answer, no more.
#pragma once

#include <array>
#include <cstdint>

#include "base/address.h"
#include "base/allowance.h"
#include "base/random.h"
#include "web/strangers.h"

namespace bridgehall::web {

class FailureBudget {
 public:
  // 150 phones with an invitation that was renewed meanwhile, each trying twice, are told so.
  static constexpr AllowanceTerms kTerms{.at_once = 300, .interval = 200ms};
  static constexpr std::size_t kPlaces = 4096;

  explicit FailureBudget(RandomSource& random) : secret_(random.u64() | 1) {}

  // A failure from there; false: that was one too many.
  bool take(const IpAddress& from, TimePoint now) { return places_[place(from)].take(kTerms, now); }

 private:
  std::size_t place(const IpAddress& from) const {
    std::uint64_t hash = secret_;
    for (const auto octet : source_network(from).bytes) {
      hash = (hash ^ octet) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 29;
    }
    return (hash * secret_ >> 32) % kPlaces;
  }

  std::uint64_t secret_;
  std::array<Allowance, kPlaces> places_{};
};

}  // namespace bridgehall::web

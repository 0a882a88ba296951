// Ids as types: Id<struct PeerTag> does not convert to another id or to a number.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace bridgehall {

template <class Tag, class Representation = std::uint32_t>
class Id {
 public:
  using representation = Representation;
  constexpr Id() = default;
  constexpr explicit Id(Representation value) : value_(value) {}
  constexpr Representation value() const { return value_; }
  constexpr auto operator<=>(const Id&) const = default;

 private:
  Representation value_ = 0;
};

// Synchronisation source of an RTP stream (RFC 3550 section 3).
using Ssrc = Id<struct SsrcTag>;

}  // namespace bridgehall

template <class Tag, class Representation>
struct std::hash<bridgehall::Id<Tag, Representation>> {
  std::size_t operator()(bridgehall::Id<Tag, Representation> id) const noexcept {
    return std::hash<Representation>{}(id.value());
  }
};

// Connections whose clients have not shown yet that they may be here, by where they come from: who has to make room
// when the server is full. Nobody is refused for an address, since a hall of 150 phones sits behind one; but neither
// can one address, or many together, keep others out by waiting: a newcomer has time until all who came before it are
// gone. Owned by HttpServer and WebSocketLinks, control thread. Bounds: theirs; each connection is here once at most.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/address.h"

namespace bridgehall::web {

// Whose an address is: an IPv4 address is one network's, of IPv6 each has a /64 at least (RFC 6177).
IpAddress source_network(const IpAddress& address);

class Strangers {
 public:
  using Id = std::uint64_t;

  // It waits from now on, as the youngest; for one that is here already, anew.
  void arrive(Id id, const IpAddress& from);
  // It is gone, or has shown who it is; nothing when it is not here.
  void leave(Id id);
  std::size_t size() const { return by_id_.size(); }

  // Who waits longest: of the network with the most when that has over a quarter of all (a hall has less), else of all.
  std::optional<Id> to_make_room() const;

 private:
  struct Stranger {
    Id id = 0;
    IpAddress network;
  };
  using Line = std::list<Stranger>;

  Line line_;  // oldest first
  std::unordered_map<Id, Line::iterator> by_id_;
  std::map<std::array<std::uint8_t, 16>, std::size_t> of_network_;
};

}  // namespace bridgehall::web

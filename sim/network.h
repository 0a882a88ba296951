// A network in virtual time: one-way links with delay, jitter, loss, duplication and reordering, all drawn from one
// seed. What was sent lies in a heap until it is due. Links lead from a client to the server or back; who is reached is
// decided by the destination address when the datagram arrives, so a client that has moved no longer gets what was sent
// to its old address.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/id.h"
#include "base/random.h"
#include "base/time.h"

namespace bridgehall::sim {

using Link = Id<struct LinkTag>;

struct LinkSettings {
  Duration delay = 10ms;
  Duration jitter{};  // added, uniform; keeps the order
  double loss = 0;    // probabilities per datagram
  double duplicate = 0;
  double reorder = 0;  // of being held back by up to `reorder_delay` while later ones pass
  Duration reorder_delay = 15ms;
  bool cut = false;  // nothing passes
};

struct Datagram {
  TimePoint due{};
  TimePoint sent_at{};
  std::uint64_t order = 0;  // of those due at the same time
  SocketAddress from;
  SocketAddress to;
  std::uint64_t tag = 0;  // what the sender knows of it (ledger.h); not visible to the server
  bool copy = false;      // made by duplication
  std::vector<std::uint8_t> bytes;
};

class Network {
 public:
  explicit Network(std::uint64_t seed) : random_(seed) {}

  Link add_link(const LinkSettings& settings);
  LinkSettings& settings(Link link) { return links_[link.value()].settings; }
  std::size_t links() const { return links_.size(); }

  void send(Link link, const SocketAddress& from, const SocketAddress& to, BytesView bytes, std::uint64_t tag,
            TimePoint now);

  TimePoint next_due() const { return in_flight_.empty() ? kNever : in_flight_.front().due; }
  // The first that is due by `now`.
  bool receive(TimePoint now, Datagram& out);
  // Gives the memory of a datagram back.
  void recycle(Datagram&& datagram) { spare_.push_back(std::move(datagram.bytes)); }

  std::uint64_t lost() const { return lost_; }

 private:
  struct State {
    LinkSettings settings;
    TimePoint last_due{};
  };
  void launch(State& link, Datagram&& datagram, TimePoint now);
  std::vector<std::uint8_t> copy_of(BytesView bytes);

  SeededRandom random_;
  std::vector<State> links_;
  std::vector<Datagram> in_flight_;  // heap, the first due in front
  std::vector<std::vector<std::uint8_t>> spare_;
  std::uint64_t order_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace bridgehall::sim

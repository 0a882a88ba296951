// A network in virtual time: one-way links with delay, jitter, a queue of a rate and a size, loss alone and in bursts,
// duplication and reordering, all drawn from one seed, and partitions that cut many links together. What was sent lies
// in a heap until it is due. Links lead from a client to the server or back; who is reached is decided by the
// destination address when the datagram arrives (sim/addresses.h), so a client that has moved no longer gets what was
// sent to its old address.
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
using Partition = Id<struct PartitionTag>;

// Gilbert–Elliott: a link is in a good or in a bad state; each datagram may be the last of its state. (E. N. Gilbert,
// "Capacity of a burst-noise channel", 1960.)
struct BurstLoss {
  double begins = 0;  // probability per datagram that the bad state begins with it
  double ends = 1;    // that the bad state is over with it: 1/ends datagrams on average
  double loss = 1;    // of a datagram in the bad state; in the good one LinkSettings::loss holds

  double share_of_bad() const { return begins / (begins + ends); }
};

// What a line carries, and what may wait for it; a datagram that finds no room is lost (tail drop).
struct LinkQueue {
  static constexpr std::size_t kHeaders = 28;  // of IPv4 and UDP: they take their time too

  std::uint64_t bits_per_second = 0;  // 0: as wide as it has to be
  std::size_t bytes = 64 * 1024;

  // One in which datagrams wait for `time` at most.
  static LinkQueue of(std::uint64_t bits_per_second, Duration time) {
    return {bits_per_second,
            static_cast<std::size_t>(static_cast<double>(bits_per_second) / 8e9 * static_cast<double>(time.count()))};
  }
  Duration time_of(std::size_t size) const {
    return Duration{static_cast<std::int64_t>(size * 8 * 1'000'000'000 / bits_per_second)};
  }
};

struct LinkSettings {
  Duration delay = 10ms;
  Duration jitter{};  // added, uniform; keeps the order
  LinkQueue queue{};
  double loss = 0;  // probabilities per datagram
  BurstLoss bursts{};
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

  // Cuts all of them until it is mended, whatever else cuts them.
  Partition part(std::vector<Link> links);
  void mend(Partition partition);
  // Nothing is lost, doubled, held back or cut from now on, and every line is wide enough; delays stay.
  void heal();

  void send(Link link, const SocketAddress& from, const SocketAddress& to, BytesView bytes, std::uint64_t tag,
            TimePoint now);

  TimePoint next_due() const { return in_flight_.empty() ? kNever : in_flight_.front().due; }
  // The first that is due by `now`.
  bool receive(TimePoint now, Datagram& out);
  // Gives the memory of a datagram back.
  void recycle(Datagram&& datagram) { spare_.push_back(std::move(datagram.bytes)); }

  std::uint64_t lost() const { return lost_; }              // by cuts and on the way
  std::uint64_t overflowed() const { return overflowed_; }  // found no room in a queue

 private:
  struct State {
    LinkSettings settings;
    std::uint32_t partitions = 0;  // that cut it
    bool bad = false;              // in a burst of losses
    TimePoint free_at{};           // when all that waits has left
    TimePoint last_due{};
  };
  struct InFlight {
    TimePoint due;
    std::uint64_t order;
    std::uint32_t place;  // in datagrams_
    bool operator>(const InFlight& other) const { return due != other.due ? due > other.due : order > other.order; }
  };

  bool happens(double probability) { return probability > 0 && random_.chance(probability); }
  bool loses(State& link);
  // When its last bit has left; kNever: it found no room.
  TimePoint leave(State& link, std::size_t size, TimePoint now);
  void launch(State& link, Datagram&& datagram, TimePoint left);
  std::vector<std::uint8_t> copy_of(BytesView bytes);

  SeededRandom random_;
  std::vector<State> links_;
  std::vector<std::vector<Link>> partitions_;  // empty: mended
  std::vector<InFlight> in_flight_;            // heap, the first due in front
  std::vector<Datagram> datagrams_;
  std::vector<std::uint32_t> free_places_;  // in datagrams_
  std::vector<std::vector<std::uint8_t>> spare_;
  std::uint64_t order_ = 0;
  std::uint64_t lost_ = 0, overflowed_ = 0;
};

}  // namespace bridgehall::sim

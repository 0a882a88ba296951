// The server of a simulation: its media shards, each turned as its thread would turn it, and the checks of everything
// that leaves them, before the network can lose it: trains keep their shape, nothing goes to an address that no check
// has validated, no SRTP index is used twice.
//
// With several shards the kernel gives a datagram to the shard that a hash of its addresses chooses, so most are handed
// over by ring; shards take their turns in any order, and one is not scheduled now and then. All drawn from the seed.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "media/command_router.h"
#include "media/mesh.h"
#include "media/shard.h"
#include "session/fake_dtls.h"
#include "sim/index_check.h"
#include "sim/world.h"

namespace bridgehall::sim {

struct ServerSetup {
  std::uint64_t seed = 0;
  crypto::SrtpSuite suite{};
  media::ShardConfiguration shard{};  // of each; number and mesh are filled in
  std::size_t shards = 1;
};

class SimServer {
 public:
  static constexpr std::size_t kMaxDatagram = 1472;      // Ethernet less IPv4 and UDP headers
  static constexpr Duration kLongestStall = 2ms;         // of a shard's thread that is not scheduled
  static constexpr std::size_t kCommandsOfShard = 4096;  // as in the program

  SimServer(World& world, const ServerSetup& setup);

  const SocketAddress& address() const { return address_; }
  crypto::SrtpSuite suite() const { return suite_; }
  std::size_t shards() const { return workers_.size(); }
  const crypto::Fingerprint& fingerprint() const { return dtls_.local_fingerprint(); }
  media::ShardNumber lightest_shard() const { return router_.lightest(); }
  session::IceCredentials make_credentials() {
    return session::make_ice_credentials(random_, media::shard_prefix(lightest_shard()));
  }
  // Of the same session: it stays at its shard.
  session::IceCredentials renew_credentials(std::string_view ufrag) {
    return session::make_ice_credentials(random_, ufrag.substr(0, 1));
  }

  // Carried out in the next turn of each shard that it is for, in order.
  void command(media::Command&& command);
  bool has_room_for_commands() const;
  // A datagram came in; read in a next turn. `local`: which of the server's addresses it was sent to.
  void deliver(Datagram&& datagram);
  // All shards that have something to do, and are scheduled.
  void turn();
  TimePoint next_deadline() const;

  // Each datagram that leaves, one by one.
  std::function<void(const NetworkPath&, BytesView)> on_sent;
  std::function<void(media::Event&)> on_event;
  // Each command, just before a shard carries it out.
  std::function<void(const media::Command&)> on_command;

  media::ShardCounters counters() const;
  // Turns in which there was nothing to do: a timer that runs wild shows here.
  std::uint64_t idle_turns() const { return idle_turns_; }

 private:
  // What the checks know of a datagram that lies in a ring.
  struct Handed {
    std::uint64_t tag = 0;
    SocketAddress from;
    std::size_t size = 0;
    bool check = false;
  };
  struct Worker {
    explicit Worker(const media::ShardConfiguration& configuration, crypto::DtlsFactory& dtls, RandomSource& random,
                    TimePoint now)
        : shard(configuration, dtls, random, now) {}

    media::Shard shard;
    std::vector<Datagram> inbox;
    std::vector<media::Command> commands;
    std::unordered_set<SocketAddress> known;  // whose media it takes, or passes on
    // From others since its last look: addresses that they took, and datagrams.
    std::vector<SocketAddress> told;
    std::vector<Handed> handed;
    TimePoint last_turn = TimePoint::min();
    TimePoint stalled_until{};
    std::uint64_t turns = 0;
    bool gates_changed = false;

    bool has_work() const { return !inbox.empty() || !commands.empty() || shard.has_mail(); }
  };

  TimePoint deadline_of(const Worker& worker) const;
  void turn(Worker& worker);
  void receive(Worker& worker);
  void note_arrival(Worker& worker, const Datagram& datagram);
  void note_check(Worker& worker, const SocketAddress& from);
  void note_mail(Worker& worker, const std::vector<SocketAddress>& told, const std::vector<Handed>& handed);
  void carry_out(Worker& worker, media::Command&& command);
  bool transmit(Worker& worker);
  void check_closed(Worker& worker);
  void check_train(const Train& train);
  void check_destination(const SocketAddress& remote, std::size_t size);

  World& world_;
  SocketAddress address_;
  crypto::SrtpSuite suite_;
  session::FakeDtlsFactory dtls_;
  SeededRandom random_;
  SeededRandom schedule_;
  media::ShardMesh mesh_;
  media::CommandRouter router_;
  std::vector<std::unique_ptr<Worker>> workers_;  // by shard
  std::vector<Worker*> order_;
  std::vector<ReceivedDatagram> batch_;
  std::unordered_map<SocketAddress, media::ShardNumber> owners_;  // of addresses that a check has validated
  struct Stranger {
    std::size_t received = 0, sent = 0;
  };
  std::unordered_map<SocketAddress, Stranger> strangers_;
  IndexCheck indexes_;
  std::uint64_t idle_turns_ = 0;
};

}  // namespace bridgehall::sim

// The server of a simulation: one media shard turned as its thread would turn it, and the checks of everything that
// leaves it, before the network can lose it: trains keep their shape, nothing goes to an address that no check has
// validated, no SRTP index is used twice.
#pragma once

#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "media/shard.h"
#include "session/fake_dtls.h"
#include "sim/index_check.h"
#include "sim/world.h"

namespace bridgehall::sim {

class SimServer {
 public:
  static constexpr std::size_t kMaxDatagram = 1472;  // Ethernet less IPv4 and UDP headers

  SimServer(World& world, std::uint64_t seed, crypto::SrtpSuite suite, const media::ShardConfiguration& configuration);

  const SocketAddress& address() const { return address_; }
  crypto::SrtpSuite suite() const { return suite_; }
  const crypto::Fingerprint& fingerprint() const { return dtls_.local_fingerprint(); }
  session::IceCredentials make_credentials() { return session::make_ice_credentials(random_); }
  NtpOrigin ntp() const { return ntp_; }

  // Carried out in the next turn, in order.
  void command(media::Command&& command) { commands_.push_back(std::move(command)); }
  // A datagram came in; read in the next turn. `local`: which of the server's addresses it was sent to.
  void deliver(Datagram&& datagram);
  void turn();
  TimePoint next_deadline() const;

  // Each datagram that leaves, one by one.
  std::function<void(const NetworkPath&, BytesView)> on_sent;
  std::function<void(media::Event&)> on_event;
  // Each command, just before the shard carries it out.
  std::function<void(const media::Command&)> on_command;

  media::ShardCounters counters() const { return shard_.counters(); }
  // Turns in which there was nothing to do: a timer that runs wild shows here.
  std::uint64_t idle_turns() const { return idle_turns_; }

 private:
  void receive_batch();
  void note_arrival(const Datagram& datagram);
  void carry_out(media::Command&& command);
  bool transmit();
  void check_train(const Train& train);
  void check_destination(const SocketAddress& remote, std::size_t size);

  World& world_;
  SocketAddress address_;
  crypto::SrtpSuite suite_;
  session::FakeDtlsFactory dtls_;
  SeededRandom random_;
  NtpOrigin ntp_;
  media::Shard shard_;
  std::vector<Datagram> inbox_;
  std::vector<ReceivedDatagram> batch_;
  std::vector<media::Command> commands_;
  std::unordered_set<SocketAddress> validated_;
  struct Stranger {
    std::size_t received = 0, sent = 0;
  };
  std::unordered_map<SocketAddress, Stranger> strangers_;
  IndexCheck indexes_;
  TimePoint last_turn_ = TimePoint::min();
  std::uint64_t idle_turns_ = 0;
};

}  // namespace bridgehall::sim

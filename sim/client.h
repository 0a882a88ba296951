// A model of a WebRTC client: its end of the transport, its address and its links to the server. Who sends and receives
// what is added by those that derive from it; leaving and roaming are the same for all.
#pragma once

#include <memory>
#include <set>

#include "session/fake_dtls.h"
#include "sim/server.h"
#include "sim/world.h"

namespace bridgehall::sim {

struct ClientSetup {
  std::string name;
  media::PeerId peer;
  SocketAddress address;
  Link up;    // to the server
  Link down;  // from it
  std::uint64_t seed = 0;
};

class Client {
 public:
  Client(World& world, const SocketAddress& server, crypto::SrtpSuite suite, const ClientSetup& setup);
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Says goodbye by DTLS; or vanishes without a word.
  void leave();
  void vanish();
  // Its source address changes. `noticed`: the client knows and checks at once, as after a change of interface;
  // otherwise a router has changed it, and the next check of consent tells the server.
  void move_to(const SocketAddress& address, bool noticed);
  // Its machine sleeps: it neither sends nor takes anything, and on waking goes on as if no time had passed.
  void fall_asleep() { asleep_ = true; }
  void wake();

  void receive(Datagram& datagram);
  void advance();
  TimePoint next_deadline() const;
  void on_event(const media::Event& event);
  // A datagram left the server for this client, and may yet be lost.
  virtual void on_left_server(BytesView) {}

  const std::string& name() const { return name_; }
  media::PeerId peer() const { return peer_; }
  const SocketAddress& address() const { return address_; }
  Link up() const { return up_; }
  Link down() const { return down_; }
  bool joined() const { return transport_ != nullptr && !left_; }
  bool left() const { return left_; }
  bool connected() const { return joined() && transport_->connected(); }
  TimePoint connected_at() const { return connected_at_; }
  TimePoint joined_at() const { return joined_at_; }
  TimePoint server_connected_at() const { return server_connected_at_; }
  // The server sends it less than it asked for, as its line does not carry more.
  bool held_off_by_line() const { return !slots_off_.empty(); }
  TimePoint heard_at() const { return heard_at_; }  // when a datagram came last

  // Anything, sealed or not, on this client's link.
  void send(BytesView datagram, std::uint64_t tag = 0);

 protected:
  virtual void on_connected() {}
  virtual void on_woken() {}
  virtual void on_rtp(Datagram& datagram) = 0;
  // In clear, and known to be well-formed.
  virtual void on_rtcp(const wire::RtcpPacket& packet, TimePoint sent_at) = 0;
  virtual void advance_media() = 0;
  virtual TimePoint media_deadline() const = 0;

  // Writes a compound packet, seals and sends it.
  template <class Write>
  void send_rtcp(Write&& write, std::uint64_t tag = 0) {
    std::array<std::uint8_t, 1'400> buffer;
    ByteWriter writer(MutableBytes{buffer}.first(1'300));
    write(writer);
    if (writer.size() == 0) return;
    const auto size = transport_->sealer().seal_rtcp(buffer, writer.size());
    send(BytesView{buffer}.first(size), tag);
  }
  // Begins to check; the server knows of this end.
  void connect(session::IceCredentials local, session::IceCredentials remote, const crypto::Fingerprint& fingerprint);
  void restart_ice(session::IceCredentials local, session::IceCredentials remote);
  const crypto::Fingerprint& fingerprint() const { return dtls_.local_fingerprint(); }
  session::Transport& transport() { return *transport_; }
  World& world() { return world_; }
  SeededRandom& random() { return random_; }
  TimePoint now() const { return world_.now; }

 private:
  void flush();
  void read_rtcp(Datagram& datagram);

  World& world_;
  SocketAddress server_;
  std::string name_;
  media::PeerId peer_;
  SocketAddress address_;
  Link up_, down_;
  SeededRandom random_;
  session::FakeDtlsFactory dtls_;
  std::unique_ptr<session::Transport> transport_;
  session::OutgoingDatagram outgoing_;
  bool left_ = false, asleep_ = false;
  std::set<media::SlotNumber> slots_off_;
  TimePoint joined_at_ = kNever;
  TimePoint connected_at_ = kNever;
  TimePoint server_connected_at_ = kNever;  // as the shard's event says
  TimePoint heard_at_ = kNever;
};

// Joins by a command to the shard, without any signalling.
class DirectClient : public Client {
 public:
  DirectClient(World& world, SimServer& server, const ClientSetup& setup)
      : Client(world, server.address(), server.suite(), setup), server_(server) {}

  // Makes the peer at the server and begins to check.
  void join();
  void restart_ice();

 protected:
  // What the server is told of this client's tracks.
  virtual void describe(media::CreatePeer& command) = 0;

 private:
  SimServer& server_;
  std::string server_ufrag_;
};

}  // namespace bridgehall::sim

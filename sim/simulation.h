// One run of the media core: its server and clients in virtual time. Scenarios and directed tests are written against
// this.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "sim/addresses.h"
#include "sim/publisher.h"
#include "sim/run_loop.h"
#include "sim/server.h"
#include "sim/viewer.h"

namespace bridgehall::sim {

struct SimulationOptions {
  std::uint64_t seed = 1;
  crypto::SrtpSuite suite = crypto::SrtpSuite::aead_aes_128_gcm;
  std::uint32_t packet_slots = 16'384;
  std::uint32_t max_peers = 4096;
  std::size_t shards = 1;
  bool verbose = false;
};

class Simulation final : public RunLoop {
 public:
  explicit Simulation(const SimulationOptions& options);

  SimServer& server() { return server_; }
  const SimServer& server() const { return server_; }

  // A publication and its codec; closed until open_gate().
  media::PublicationId add_publication(wire::Codec codec);
  void set_gate(media::PublicationId publication, bool open);
  void remove_publication(media::PublicationId publication) { server_.command(media::RemovePublication{publication}); }
  // They join at once. References live as long as the run.
  ModelPublisher& add_publisher(const PublisherOptions& options, const LinkSettings& up = {},
                                const LinkSettings& down = {});
  ModelViewer& add_viewer(const ViewerOptions& options, const LinkSettings& up = {}, const LinkSettings& down = {});
  void close(const Client& client) { server_.command(media::ClosePeer{client.peer()}); }
  // A datagram from anywhere; the address may be someone else's.
  void send_as_stranger(const SocketAddress& from, BytesView bytes);
  // Its address changes, as after roaming; `noticed`: it knows.
  void move(Client& client, bool noticed);

  // Each datagram that reaches the server, as it arrives.
  std::function<void(const Datagram&)> on_arrival;

  media::ShardCounters counters() const { return server_.counters(); }
  const std::vector<std::unique_ptr<ModelViewer>>& viewers() const { return viewers_; }
  const std::vector<std::unique_ptr<ModelPublisher>>& publishers() const { return publishers_; }
  // Reasons for which the server closed peers, by peer.
  const std::map<media::PeerId, session::CloseReason>& closed() const { return closed_; }

 private:
  ClientSetup make_setup(std::string_view kind, const LinkSettings& up, const LinkSettings& down);
  void adopt(DirectClient& client);
  TimePoint next_event() const override;
  void step() override;
  void deliver(Datagram&& datagram);
  void left_server(const NetworkPath& path, BytesView bytes);
  void on_event(const media::Event& event);

  SimulationOptions options_;
  SimServer server_;
  SeededRandom random_;
  Link strangers_;
  std::vector<std::unique_ptr<ModelPublisher>> publishers_;
  std::vector<std::unique_ptr<ModelViewer>> viewers_;
  std::vector<Client*> clients_;
  Addresses<Client> addresses_;
  std::unordered_map<media::PublicationId, wire::Codec> publications_;
  std::map<media::PeerId, session::CloseReason> closed_;
  std::uint32_t next_peer_ = 1;
  std::uint32_t next_publication_ = 1;
};

}  // namespace bridgehall::sim

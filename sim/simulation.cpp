#include "sim/simulation.h"

#include <algorithm>

namespace bridgehall::sim {
namespace {

media::ShardConfiguration shard_configuration(const SimulationOptions& options, TimePoint start) {
  return {.max_peers = options.max_peers,
          .packet_slots = options.packet_slots,
          .ntp = {.at = start, .ntp = NtpTime{std::uint64_t{4'000'000'000} << 32}}};
}

}  // namespace

Simulation::Simulation(const SimulationOptions& options)
    : RunLoop(options.seed, options.verbose, Duration{}),
      options_(options),
      server_(world(), {.seed = options.seed ^ 0x5e77e7,
                        .suite = options.suite,
                        .shard = shard_configuration(options, now()),
                        .shards = options.shards}),
      random_(options.seed ^ 0xc11e27),
      strangers_(world().network.add_link({.delay = 5ms})) {
  server_.on_sent = [this](const NetworkPath& path, BytesView bytes) { left_server(path, bytes); };
  server_.on_event = [this](const media::Event& event) { on_event(event); };
}

media::PublicationId Simulation::add_publication(wire::Codec codec) {
  const media::PublicationId id{next_publication_++};
  publications_[id] = codec;
  server_.command(media::AddPublication{id, codec});
  return id;
}

void Simulation::set_gate(media::PublicationId publication, bool open) {
  server_.command(media::SetGate{publication, open});
}

ClientSetup Simulation::make_setup(std::string_view kind, const LinkSettings& up, const LinkSettings& down) {
  const media::PeerId peer{next_peer_++};
  return {.name = fmt::format("{} {}", kind, peer.value()),
          .peer = peer,
          .address = addresses_.next(),
          .up = world().network.add_link(up),
          .down = world().network.add_link(down),
          .seed = random_.u64()};
}

void Simulation::adopt(DirectClient& client) {
  clients_.push_back(&client);
  addresses_.assign(client.address(), client);
  client.join();
}

ModelPublisher& Simulation::add_publisher(const PublisherOptions& options, const LinkSettings& up,
                                          const LinkSettings& down) {
  // A later sender replaces an earlier one, whose packets then go nowhere.
  world().ledger.end_broadcasts(options.video, now());
  if (options.has_audio) world().ledger.end_broadcasts(options.audio, now());
  auto& publisher = *publishers_.emplace_back(
      std::make_unique<ModelPublisher>(world(), server_, make_setup("publisher", up, down), options));
  adopt(publisher);
  return publisher;
}

ModelViewer& Simulation::add_viewer(const ViewerOptions& options, const LinkSettings& up, const LinkSettings& down) {
  auto& viewer =
      *viewers_.emplace_back(std::make_unique<ModelViewer>(world(), server_, make_setup("viewer", up, down), options));
  adopt(viewer);
  return viewer;
}

void Simulation::move(Client& client, bool noticed) {
  client.move_to(addresses_.rebind(client.address(), client), noticed);
}

void Simulation::send_as_stranger(const SocketAddress& from, BytesView bytes) {
  world().network.send(strangers_, from, server_.address(), bytes, 0, now());
}

TimePoint Simulation::next_event() const {
  auto next = std::min(world().network.next_due(), server_.next_deadline());
  for (const auto* client : clients_) next = std::min(next, client->next_deadline());
  return next;
}

void Simulation::step() {
  for (Datagram datagram; world().network.receive(now(), datagram);) deliver(std::move(datagram));
  for (auto* client : clients_)
    if (client->next_deadline() <= now()) client->advance();
  if (server_.next_deadline() <= now()) server_.turn();
}

void Simulation::deliver(Datagram&& datagram) {
  if (datagram.to == server_.address()) {
    if (on_arrival) on_arrival(datagram);
    return server_.deliver(std::move(datagram));
  }
  if (auto* client = addresses_.at(datagram.to)) client->receive(datagram);
  world().network.recycle(std::move(datagram));
}

void Simulation::left_server(const NetworkPath& path, BytesView bytes) {
  if (wire::classify_datagram(bytes) != wire::DatagramKind::rtp)
    world().trace.note(now(), TraceKind::control_sent, path.remote.port, bytes.size());
  if (auto* client = addresses_.ever_at(path.remote)) client->on_left_server(bytes);
  if (const auto* client = addresses_.at(path.remote))
    world().network.send(client->down(), server_.address(), path.remote, bytes, 0, now());
}

void Simulation::on_event(const media::Event& event) {
  if (const auto* refused = std::get_if<media::PeerRefused>(&event))
    world().trace.note(now(), TraceKind::peer_event, refused->peer.value(), 100);
  if (const auto* gone = std::get_if<media::PeerClosed>(&event)) {
    closed_[gone->peer] = gone->reason;
    world().trace.note(now(), TraceKind::peer_event, gone->peer.value(), 101);
    for (const auto& publisher : publishers_) {
      if (publisher->peer() != gone->peer) continue;
      for (const auto broadcast : {publisher->video(), publisher->audio()})
        world().ledger[broadcast].ended_at = std::min(world().ledger[broadcast].ended_at, now());
    }
  }
  for (auto* client : clients_) client->on_event(event);
}

}  // namespace bridgehall::sim

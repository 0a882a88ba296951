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
    : options_(options),
      world_(options.seed, options.verbose),
      server_(world_, options.seed ^ 0x5e77e7, options.suite, shard_configuration(options, world_.now)),
      random_(options.seed ^ 0xc11e27),
      strangers_(world_.network.add_link({.delay = 5ms})) {
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

SocketAddress Simulation::new_address() {
  const auto host = next_host_++;
  return {IpAddress::v4(192, 0, static_cast<std::uint8_t>(2 + host / 250), static_cast<std::uint8_t>(1 + host % 250)),
          static_cast<std::uint16_t>(40'000 + host)};
}

ClientSetup Simulation::make_setup(std::string_view kind, const LinkSettings& up, const LinkSettings& down) {
  const media::PeerId peer{next_peer_++};
  return {.name = fmt::format("{} {}", kind, peer.value()),
          .peer = peer,
          .address = new_address(),
          .up = world_.network.add_link(up),
          .down = world_.network.add_link(down),
          .seed = random_.u64()};
}

void Simulation::adopt(DirectClient& client) {
  clients_.push_back(&client);
  by_address_[client.address()] = &client;
  client.join();
}

ModelPublisher& Simulation::add_publisher(const PublisherOptions& options, const LinkSettings& up,
                                          const LinkSettings& down) {
  // A later sender replaces an earlier one, whose packets then go nowhere.
  world_.ledger.end_broadcasts(options.video, now());
  if (options.has_audio) world_.ledger.end_broadcasts(options.audio, now());
  auto& publisher = *publishers_.emplace_back(
      std::make_unique<ModelPublisher>(world_, server_, make_setup("publisher", up, down), options));
  adopt(publisher);
  return publisher;
}

ModelViewer& Simulation::add_viewer(const ViewerOptions& options, const LinkSettings& up, const LinkSettings& down) {
  auto& viewer =
      *viewers_.emplace_back(std::make_unique<ModelViewer>(world_, server_, make_setup("viewer", up, down), options));
  viewer_by_address_[viewer.address()] = &viewer;
  adopt(viewer);
  return viewer;
}

void Simulation::move(Client& client, bool noticed) {
  by_address_.erase(client.address());
  const auto address = new_address();
  by_address_[address] = &client;
  for (const auto& viewer : viewers_)
    if (viewer.get() == &client) viewer_by_address_[address] = viewer.get();
  client.move_to(address, noticed);
}

void Simulation::send_as_stranger(const SocketAddress& from, BytesView bytes) {
  world_.network.send(strangers_, from, server_.address(), bytes, 0, now());
}

TimePoint Simulation::next_event() const {
  auto next = std::min(world_.network.next_due(), server_.next_deadline());
  for (const auto* client : clients_) next = std::min(next, client->next_deadline());
  return next;
}

void Simulation::run_until(TimePoint end) {
  for (auto next = next_event(); next <= end; next = next_event()) {
    world_.now = std::max(world_.now, next);
    step();
  }
  world_.now = std::max(world_.now, end);
}

bool Simulation::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = now() + limit;
  while (!done()) {
    const auto next = next_event();
    if (next > end) {
      world_.now = end;
      return done();
    }
    world_.now = std::max(world_.now, next);
    step();
  }
  return true;
}

void Simulation::step() {
  // Whoever asks to be called at once must get on by being called.
  constexpr unsigned kMostAtOnce = 10'000;
  if (now() != last_step_) steps_at_once_ = 0;
  last_step_ = now();
  if (++steps_at_once_ == kMostAtOnce) {
    world_.violations.add(now(), "time stands still");
    world_.now += 1ms;
  }
  for (Datagram datagram; world_.network.receive(now(), datagram);) deliver(std::move(datagram));
  for (auto* client : clients_)
    if (client->next_deadline() <= now()) client->advance();
  if (server_.next_deadline() <= now()) server_.turn();
}

void Simulation::deliver(Datagram&& datagram) {
  if (datagram.to == server_.address()) {
    if (on_arrival) on_arrival(datagram);
    return server_.deliver(std::move(datagram));
  }
  if (const auto found = by_address_.find(datagram.to); found != by_address_.end()) found->second->receive(datagram);
  world_.network.recycle(std::move(datagram));
}

void Simulation::left_server(const NetworkPath& path, BytesView bytes) {
  if (wire::classify_datagram(bytes) != wire::DatagramKind::rtp)
    world_.trace.note(now(), TraceKind::control_sent, path.remote.port, bytes.size());
  if (const auto viewer = viewer_by_address_.find(path.remote); viewer != viewer_by_address_.end())
    viewer->second->on_left_server(bytes);
  const auto found = by_address_.find(path.remote);
  if (found == by_address_.end()) return;  // nobody is there any more
  world_.network.send(found->second->down(), server_.address(), path.remote, bytes, 0, now());
}

void Simulation::on_event(const media::Event& event) {
  if (const auto* refused = std::get_if<media::PeerRefused>(&event))
    world_.trace.note(now(), TraceKind::peer_event, refused->peer.value(), 100);
  if (const auto* gone = std::get_if<media::PeerClosed>(&event)) {
    closed_[gone->peer] = gone->reason;
    world_.trace.note(now(), TraceKind::peer_event, gone->peer.value(), 101);
    for (const auto& publisher : publishers_) {
      if (publisher->peer() != gone->peer) continue;
      for (const auto broadcast : {publisher->video(), publisher->audio()})
        world_.ledger[broadcast].ended_at = std::min(world_.ledger[broadcast].ended_at, now());
    }
  }
  for (auto* client : clients_) client->on_event(event);
}

}  // namespace bridgehall::sim

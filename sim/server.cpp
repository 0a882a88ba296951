#include "sim/server.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bridgehall::sim {

SimServer::SimServer(World& world, const ServerSetup& setup)
    : world_(world),
      address_{IpAddress::v4(10, 0, 0, 1), 8443},
      suite_(setup.suite),
      dtls_(setup.seed, setup.suite),
      random_(setup.seed ^ 0x5eed),
      schedule_(setup.seed ^ 0x7412ead),
      mesh_(setup.shards),
      router_(setup.shards),
      indexes_(setup.suite) {
  auto configuration = setup.shard;
  configuration.mesh = &mesh_;
  for (std::size_t i = 0; i < setup.shards; ++i) {
    configuration.number = media::ShardNumber{static_cast<std::uint8_t>(i)};
    workers_.push_back(std::make_unique<Worker>(configuration, dtls_, random_, world.now));
    order_.push_back(workers_.back().get());
  }
}

void SimServer::command(media::Command&& command) {
  router_.deliver(std::move(command), [this](media::ShardNumber shard, media::Command&& one) {
    workers_[shard.value()]->commands.push_back(std::move(one));
  });
}

bool SimServer::has_room_for_commands() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return worker->commands.size() < kCommandsOfShard; });
}

// As the kernel chooses among the sockets of one port.
void SimServer::deliver(Datagram&& datagram) {
  const auto hash = std::hash<SocketAddress>{}(datagram.from) * 0x9e3779b97f4a7c15u >> 32;
  auto& worker = *workers_[hash % workers_.size()];
  worker.inbox.push_back(std::move(datagram));
  if (worker.inbox.size() == media::Shard::kReceiveBatch) turn(worker);
}

TimePoint SimServer::deadline_of(const Worker& worker) const {
  if (worker.has_work()) return std::max(world_.now, worker.stalled_until);
  const auto deadline = worker.shard.next_deadline();
  // What wants to go on at once (handshakes in line) does so after a turn's time.
  return deadline == kNever ? kNever : std::max({deadline, worker.last_turn + 100us, worker.stalled_until});
}

TimePoint SimServer::next_deadline() const {
  auto next = kNever;
  for (const auto& worker : workers_) next = std::min(next, deadline_of(*worker));
  return next;
}

void SimServer::turn() {
  if (order_.size() > 1)
    for (std::size_t i = order_.size() - 1; i > 0; --i) std::swap(order_[i], order_[schedule_.below(i + 1)]);
  for (auto* worker : order_)
    if (deadline_of(*worker) <= world_.now) turn(*worker);
}

void SimServer::turn(Worker& worker) {
  const bool woken_by_time = !worker.has_work();
  worker.last_turn = world_.now;
  worker.shard.look_at_mail();
  const auto told = std::exchange(worker.told, {});
  const auto handed = std::exchange(worker.handed, {});
  for (auto& command : std::exchange(worker.commands, {})) carry_out(worker, std::move(command));
  note_mail(worker, told, handed);
  worker.shard.handle_mail(world_.now);
  receive(worker);
  worker.shard.advance(world_.now);
  const bool sent = transmit(worker);
  bool happened = !worker.shard.take_addressed().empty();
  for (media::Event event; worker.shard.poll_event(event); happened = true)
    if (auto heard = router_.hear(std::move(event)); heard && on_event) on_event(*heard);
  check_closed(worker);
  if (woken_by_time && !sent && !happened) ++idle_turns_;
  if (workers_.size() > 1 && schedule_.chance(0.02))
    worker.stalled_until =
        world_.now + Duration{schedule_.below(static_cast<std::uint64_t>(Duration{kLongestStall}.count()))};
}

void SimServer::receive(Worker& worker) {
  if (worker.inbox.empty()) return;
  const auto buffers = worker.shard.receive_buffers();
  for (std::size_t i = 0; i < worker.inbox.size(); ++i) {
    const auto& datagram = worker.inbox[i];
    note_arrival(worker, datagram);
    const auto size = std::min(datagram.bytes.size(), buffers[i].size());
    std::copy_n(datagram.bytes.begin(), size, buffers[i].begin());
    batch_.push_back({.path = {.local = datagram.to.ip, .remote = datagram.from},
                      .bytes = buffers[i].first(size),
                      .segment_size = size,
                      .truncated = size < datagram.bytes.size()});
  }
  worker.shard.handle_datagrams(batch_, world_.now);
  batch_.clear();
  for (auto& datagram : worker.inbox) world_.network.recycle(std::move(datagram));
  worker.inbox.clear();
}

// Whose is it? A check says so in its ufrag, all else by its address. Only models send STUN that authenticates;
// strangers' datagrams carry no tag.
void SimServer::note_arrival(Worker& worker, const Datagram& datagram) {
  const bool stun = wire::classify_datagram(datagram.bytes) == wire::DatagramKind::stun;
  const bool check = stun && Tag::kind(datagram.tag) == Tag::Kind::check;
  const bool known = worker.known.contains(datagram.from);
  std::optional<media::ShardNumber> owner;
  if (check)
    owner = media::shard_of_ufrag(session::addressed_ufrag(datagram.bytes).value_or(""));
  else if (known)
    owner = owners_.at(datagram.from);
  if (owner && *owner != worker.shard.number()) {
    workers_[owner->value()]->handed.push_back({datagram.tag, datagram.from, datagram.bytes.size(), check});
    return;
  }
  if (check) note_check(worker, datagram.from);
  const bool validated = check || known;
  if (!validated) strangers_[datagram.from].received += datagram.bytes.size();
  world_.ledger.arrived(datagram.tag, validated, worker.shard.number(), world_.now);
}

void SimServer::note_check(Worker& worker, const SocketAddress& from) {
  owners_[from] = worker.shard.number();
  if (!worker.known.insert(from).second) return;
  for (const auto& other : workers_)
    if (other.get() != &worker) other->told.push_back(from);
}

void SimServer::note_mail(Worker& worker, const std::vector<SocketAddress>& told, const std::vector<Handed>& handed) {
  worker.known.insert(told.begin(), told.end());
  for (const auto& datagram : handed) {
    if (datagram.check) note_check(worker, datagram.from);
    world_.ledger.arrived(datagram.tag, worker.known.contains(datagram.from), worker.shard.number(), world_.now);
  }
}

void SimServer::carry_out(Worker& worker, media::Command&& command) {
  const auto now = world_.now;
  if (const auto* set = std::get_if<media::SetGate>(&command)) {
    worker.gates_changed = true;
    world_.ledger.set_gate(set->publication, worker.shard.number(), set->open, now);
    world_.trace.note(now, TraceKind::command, set->publication.value(), set->open);
  } else if (const auto* remove = std::get_if<media::RemovePublication>(&command)) {
    worker.gates_changed = true;
    world_.ledger.set_gate(remove->publication, worker.shard.number(), false, now);
  }
  if (on_command) on_command(command);
  worker.shard.handle_command(std::move(command), now);
}

media::ShardCounters SimServer::counters() const {
  auto sum = workers_.front()->shard.counters();
  for (std::size_t i = 1; i < workers_.size(); ++i) sum.add(workers_[i]->shard.counters());
  return sum;
}

bool SimServer::transmit(Worker& worker) {
  bool any = false;
  auto& shard = worker.shard;
  for (auto trains = shard.poll_transmit(world_.now); !trains.empty(); trains = shard.poll_transmit(world_.now)) {
    any = true;
    for (const auto& train : trains) {
      check_train(train);
      for (auto rest = train.bytes; !rest.empty();) {
        const auto segment = rest.first(std::min(rest.size(), train.segment_size));
        rest = rest.subspan(segment.size());
        check_destination(train.path.remote, segment.size());
        indexes_.watch(segment, world_.now, world_.violations);
        if (on_sent) on_sent(train.path, segment);
      }
    }
  }
  return any;
}

// Once the gate's command is carried out no packet of it is kept, here or in a mirror. Looked at now and then, as it
// means going through all that is kept.
void SimServer::check_closed(Worker& worker) {
  if (++worker.turns % 64 != 0 && !std::exchange(worker.gates_changed, false)) return;
  if (const auto kept = worker.shard.kept_of_closed(); kept > 0)
    world_.violations.add(world_.now, "shard {} keeps {} packets of closed publications", worker.shard.number().value(),
                          kept);
}

// UDP_SEGMENT: equal pieces but for a shorter last one, at most 64, at most 64 KB; and none that would be fragmented.
void SimServer::check_train(const Train& train) {
  auto& violations = world_.violations;
  if (train.bytes.empty() || train.segment_size == 0) return violations.add(world_.now, "an empty train");
  const auto segments = (train.bytes.size() + train.segment_size - 1) / train.segment_size;
  if (segments > 64 || train.bytes.size() > 65'000)
    violations.add(world_.now, "a train of {} segments, {} bytes", segments, train.bytes.size());
  if (std::min(train.segment_size, train.bytes.size()) > kMaxDatagram)
    violations.add(world_.now, "a datagram of {} bytes", train.segment_size);
  if (segments > 1) {
    // What the kernel cuts must be whole packets: each begins as RTP does.
    for (std::size_t at = 0; at < train.bytes.size(); at += train.segment_size)
      if (wire::classify_datagram(train.bytes.subspan(at)) != wire::DatagramKind::rtp)
        violations.add(world_.now, "a train is cut where no packet begins");
  }
}

void SimServer::check_destination(const SocketAddress& remote, std::size_t size) {
  if (owners_.contains(remote)) return;
  auto& stranger = strangers_[remote];
  stranger.sent += size;
  world_.violations.add(world_.now, "{} bytes to {}, which no check has validated ({} received, {} sent)", size,
                        remote.to_string(), stranger.received, stranger.sent);
}

}  // namespace bridgehall::sim

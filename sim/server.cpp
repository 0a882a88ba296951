#include "sim/server.h"

#include <algorithm>
#include <cstring>

namespace bridgehall::sim {

SimServer::SimServer(World& world, std::uint64_t seed, crypto::SrtpSuite suite,
                     const media::ShardConfiguration& configuration)
    : world_(world),
      address_{IpAddress::v4(10, 0, 0, 1), 8443},
      suite_(suite),
      dtls_(seed, suite),
      random_(seed ^ 0x5eed),
      ntp_(configuration.ntp),
      shard_(configuration, dtls_, random_, world.now),
      indexes_(suite) {}

void SimServer::deliver(Datagram&& datagram) {
  inbox_.push_back(std::move(datagram));
  if (inbox_.size() == media::Shard::kReceiveBatch) turn();
}

TimePoint SimServer::next_deadline() const {
  if (!inbox_.empty() || !commands_.empty()) return world_.now;
  const auto deadline = shard_.next_deadline();
  // What wants to go on at once (handshakes in line) does so after a turn's time.
  return deadline == kNever ? kNever : std::max(deadline, last_turn_ + 100us);
}

void SimServer::turn() {
  const bool woken_by_time = inbox_.empty() && commands_.empty();
  last_turn_ = world_.now;
  receive_batch();
  for (auto& command : commands_) carry_out(std::move(command));
  commands_.clear();
  shard_.advance(world_.now);
  const bool sent = transmit();
  bool happened = false;
  for (media::Event event; shard_.poll_event(event); happened = true)
    if (on_event) on_event(event);
  if (woken_by_time && !sent && !happened) ++idle_turns_;
}

void SimServer::receive_batch() {
  if (inbox_.empty()) return;
  const auto buffers = shard_.receive_buffers();
  for (std::size_t i = 0; i < inbox_.size(); ++i) {
    const auto& datagram = inbox_[i];
    note_arrival(datagram);
    const auto size = std::min(datagram.bytes.size(), buffers[i].size());
    std::copy_n(datagram.bytes.begin(), size, buffers[i].begin());
    batch_.push_back({.path = {.local = datagram.to.ip, .remote = datagram.from},
                      .bytes = buffers[i].first(size),
                      .segment_size = size,
                      .truncated = size < datagram.bytes.size()});
  }
  shard_.handle_datagrams(batch_, world_.now);
  batch_.clear();
  for (auto& datagram : inbox_) world_.network.recycle(std::move(datagram));
  inbox_.clear();
}

// Only models send STUN that authenticates; strangers' datagrams carry no tag.
void SimServer::note_arrival(const Datagram& datagram) {
  const bool stun = wire::classify_datagram(datagram.bytes) == wire::DatagramKind::stun;
  if (stun && Tag::kind(datagram.tag) == Tag::Kind::check) validated_.insert(datagram.from);
  const bool validated = validated_.contains(datagram.from);
  if (!validated) strangers_[datagram.from].received += datagram.bytes.size();
  world_.ledger.arrived(datagram.tag, validated, world_.now);
}

void SimServer::carry_out(media::Command&& command) {
  const auto now = world_.now;
  if (const auto* set = std::get_if<media::SetGate>(&command)) {
    world_.ledger.set_gate(set->publication, set->open, now);
    world_.trace.note(now, TraceKind::command, set->publication.value(), set->open);
  }
  if (on_command) on_command(command);
  shard_.handle_command(std::move(command), now);
}

bool SimServer::transmit() {
  bool any = false;
  for (auto trains = shard_.poll_transmit(world_.now); !trains.empty(); trains = shard_.poll_transmit(world_.now)) {
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
  if (validated_.contains(remote)) return;
  auto& stranger = strangers_[remote];
  stranger.sent += size;
  world_.violations.add(world_.now, "{} bytes to {}, which no check has validated ({} received, {} sent)", size,
                        remote.to_string(), stranger.received, stranger.sent);
}

}  // namespace bridgehall::sim

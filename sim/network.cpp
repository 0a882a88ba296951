#include "sim/network.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace bridgehall::sim {
namespace {

Duration up_to(RandomSource& random, Duration most) {
  return most.count() > 0 ? Duration{random.below(static_cast<std::uint64_t>(most.count()))} : Duration{};
}

}  // namespace

Link Network::add_link(const LinkSettings& settings) {
  links_.push_back({settings});
  return Link{static_cast<std::uint32_t>(links_.size() - 1)};
}

Partition Network::part(std::vector<Link> links) {
  for (const auto link : links) ++links_[link.value()].partitions;
  partitions_.push_back(std::move(links));
  return Partition{static_cast<std::uint32_t>(partitions_.size() - 1)};
}

void Network::mend(Partition partition) {
  for (const auto link : std::exchange(partitions_[partition.value()], {})) --links_[link.value()].partitions;
}

void Network::heal() {
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) mend(Partition{i});
  for (auto& link : links_) {
    link.settings = {.delay = link.settings.delay, .jitter = link.settings.jitter};
    link.bad = false;
  }
}

void Network::send(Link link, const SocketAddress& from, const SocketAddress& to, BytesView bytes, std::uint64_t tag,
                   TimePoint now) {
  auto& state = links_[link.value()];
  if (state.settings.cut || state.partitions > 0) {
    ++lost_;
    return;
  }
  const auto left = leave(state, bytes.size(), now);
  if (left == kNever) {
    ++overflowed_;
    return;
  }
  if (loses(state)) {
    ++lost_;
    return;
  }
  if (happens(state.settings.duplicate))
    launch(state, {.sent_at = now, .from = from, .to = to, .tag = tag, .copy = true, .bytes = copy_of(bytes)}, left);
  launch(state, {.sent_at = now, .from = from, .to = to, .tag = tag, .bytes = copy_of(bytes)}, left);
}

TimePoint Network::leave(State& link, std::size_t size, TimePoint now) {
  const auto& queue = link.settings.queue;
  if (queue.bits_per_second == 0) return now;
  const auto begin = std::max(now, link.free_at);
  const auto time = queue.time_of(size + LinkQueue::kHeaders);
  if (begin + time - now > queue.time_of(queue.bytes)) return kNever;
  return link.free_at = begin + time;
}

bool Network::loses(State& link) {
  const auto& [begins, ends, loss] = link.settings.bursts;
  if (begins > 0 || link.bad) link.bad = link.bad ? !happens(ends) : happens(begins);
  return happens(link.bad ? loss : link.settings.loss);
}

void Network::launch(State& link, Datagram&& datagram, TimePoint left) {
  const auto& settings = link.settings;
  auto due = left + settings.delay + up_to(random_, settings.jitter);
  if (happens(settings.reorder)) {
    due += up_to(random_, settings.reorder_delay);
  } else {
    due = std::max(due, link.last_due);
    link.last_due = due;
  }
  datagram.due = due;
  datagram.order = order_++;
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<std::uint32_t>(datagrams_.size()));
    datagrams_.emplace_back();
  }
  const auto place = free_places_.back();
  free_places_.pop_back();
  in_flight_.push_back({due, datagram.order, place});
  std::push_heap(in_flight_.begin(), in_flight_.end(), std::greater{});
  datagrams_[place] = std::move(datagram);
}

bool Network::receive(TimePoint now, Datagram& out) {
  if (next_due() > now) return false;
  std::pop_heap(in_flight_.begin(), in_flight_.end(), std::greater{});
  const auto place = in_flight_.back().place;
  in_flight_.pop_back();
  out = std::move(datagrams_[place]);
  free_places_.push_back(place);
  return true;
}

std::vector<std::uint8_t> Network::copy_of(BytesView bytes) {
  std::vector<std::uint8_t> copy;
  if (!spare_.empty()) {
    copy = std::move(spare_.back());
    spare_.pop_back();
  }
  copy.assign(bytes.begin(), bytes.end());
  return copy;
}

}  // namespace bridgehall::sim

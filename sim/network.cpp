#include "sim/network.h"

#include <algorithm>
#include <utility>

namespace bridgehall::sim {
namespace {

constexpr auto later = [](const Datagram& a, const Datagram& b) {
  return std::pair(a.due, a.order) > std::pair(b.due, b.order);
};

Duration up_to(RandomSource& random, Duration most) {
  return most.count() > 0 ? Duration{random.below(static_cast<std::uint64_t>(most.count()))} : Duration{};
}

}  // namespace

Link Network::add_link(const LinkSettings& settings) {
  links_.push_back({settings});
  return Link{static_cast<std::uint32_t>(links_.size() - 1)};
}

void Network::send(Link link, const SocketAddress& from, const SocketAddress& to, BytesView bytes, std::uint64_t tag,
                   TimePoint now) {
  auto& state = links_[link.value()];
  const auto& settings = state.settings;
  if (settings.cut || random_.chance(settings.loss)) {
    ++lost_;
    return;
  }
  if (random_.chance(settings.duplicate))
    launch(state, {.sent_at = now, .from = from, .to = to, .tag = tag, .copy = true, .bytes = copy_of(bytes)}, now);
  launch(state, {.sent_at = now, .from = from, .to = to, .tag = tag, .bytes = copy_of(bytes)}, now);
}

void Network::launch(State& link, Datagram&& datagram, TimePoint now) {
  const auto& settings = link.settings;
  auto due = now + settings.delay + up_to(random_, settings.jitter);
  if (random_.chance(settings.reorder)) {
    due += up_to(random_, settings.reorder_delay);
  } else {
    due = std::max(due, link.last_due);
    link.last_due = due;
  }
  datagram.due = due;
  datagram.order = order_++;
  in_flight_.push_back(std::move(datagram));
  std::push_heap(in_flight_.begin(), in_flight_.end(), later);
}

bool Network::receive(TimePoint now, Datagram& out) {
  if (next_due() > now) return false;
  std::pop_heap(in_flight_.begin(), in_flight_.end(), later);
  out = std::move(in_flight_.back());
  in_flight_.pop_back();
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

#include "io/poller.h"

#include <algorithm>
#include <array>

#include <sys/epoll.h>

#include "base/check.h"

namespace bridgehall::io {

Poller::Poller(std::size_t capacity) : epoll_(epoll_create1(EPOLL_CLOEXEC)), tokens_(capacity) {
  BRIDGEHALL_CHECK(epoll_.valid());
}

bool Poller::add(int fd, std::uint64_t token) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = token}};
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const std::uint64_t> Poller::wait(TimePoint deadline, TimePoint now) {
  std::array<epoll_event, 256> events;
  timespec timeout{};
  if (deadline > now && deadline != kNever) {
    const auto wait = (deadline - now).count();
    timeout = {.tv_sec = wait / 1'000'000'000, .tv_nsec = wait % 1'000'000'000};
  }
  const int limit = static_cast<int>(std::min(tokens_.size(), events.size()));
  const int ready = epoll_pwait2(epoll_.get(), events.data(), limit, deadline == kNever ? nullptr : &timeout, nullptr);
  for (int i = 0; i < ready; ++i) tokens_[static_cast<std::size_t>(i)] = events[static_cast<std::size_t>(i)].data.u64;
  return {tokens_.data(), static_cast<std::size_t>(std::max(ready, 0))};
}

}  // namespace bridgehall::io

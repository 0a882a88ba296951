// A media core for tests: keeps the commands it was given and says what it is told to, or what a willing shard would.
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include <unistd.h>

#include "base/check.h"
#include "web/media_core.h"

namespace bridgehall::web {

class FakeMediaCore final : public MediaCore {
 public:
  FakeMediaCore() { BRIDGEHALL_CHECK(pipe(pipe_) == 0); }
  ~FakeMediaCore() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }

  bool push(media::Command&& command) override {
    if (full) return false;
    commands.push_back(std::move(command));
    if (willing) say_yes(commands.back());
    return true;
  }
  std::optional<media::Event> pop() override {
    if (events_.empty()) return std::nullopt;
    std::optional<media::Event> event{std::move(events_.front())};
    events_.pop_front();
    return event;
  }
  int event_fd() const override { return pipe_[0]; }

  void say(media::Event event) {
    events_.push_back(std::move(event));
    const std::uint64_t one = 1;
    BRIDGEHALL_CHECK(write(pipe_[1], &one, sizeof one) == sizeof one);
  }

  // The latest command of that kind; nullptr when there was none.
  template <class Kind>
  const Kind* last() const {
    for (auto command = commands.rbegin(); command != commands.rend(); ++command)
      if (const auto* found = std::get_if<Kind>(&*command)) return found;
    return nullptr;
  }
  template <class Kind>
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::count_if(commands.begin(), commands.end(), [](const auto& c) { return std::holds_alternative<Kind>(c); }));
  }

  bool full = false;
  bool willing = true;  // answers each command at once
  bool refusing = false;
  std::vector<media::Command> commands;

 private:
  void say_yes(const media::Command& command) {
    if (const auto* create = std::get_if<std::unique_ptr<media::CreatePeer>>(&command)) {
      if (refusing)
        say(media::PeerRefused{(*create)->peer});
      else
        say(media::PeerCreated{(*create)->peer});
    } else if (const auto* restart = std::get_if<media::RestartIce>(&command)) {
      say(media::IceRestarted{restart->peer});
    } else if (const auto* close = std::get_if<media::ClosePeer>(&command)) {
      say(media::PeerClosed{close->peer, session::CloseReason::requested});
    } else if (const auto* read = std::get_if<media::ReadCounters>(&command)) {
      auto counters = std::make_unique<media::ShardCounters>();
      counters->request = read->request;
      counters->rtp_forwarded = 1234;
      counters->train_lengths[8] = 3;
      counters->drops[static_cast<std::size_t>(media::Drop::gate_closed)] = 5;
      say(std::move(counters));
    }
  }

  int pipe_[2];
  std::deque<media::Event> events_;
};

}  // namespace bridgehall::web

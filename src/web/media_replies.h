// Answers that wait until the media core has spoken of a session: that it was made, or that its ICE was restarted. Kept
// in the order of the commands, which is the order of the events. Control thread. Bounds: those who wait are bounded by
// the owner (one for each HTTP connection or page); kMediaTimeout ends each wait.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "media/api.h"

namespace bridgehall::web {

enum class Asked : std::uint8_t { creation, restart };
// refused: the core is full. ended: the session went before it was answered. late: nothing was said in time.
// not_recorded: what it would have acknowledged could not be written down.
enum class Outcome : std::uint8_t { done, refused, ended, late, not_recorded };

inline constexpr Duration kMediaTimeout = 5s;

template <class Reply>
class MediaReplies {
 public:
  struct Waiting {
    media::PeerId peer;
    Asked asked{};
    Reply reply;  // when it is done
    TimePoint deadline;
  };

  void await(media::PeerId peer, Asked asked, Reply reply, TimePoint now) {
    waiting_[peer].push_back({peer, asked, std::move(reply), now + kMediaTimeout});
  }

  // Calls settle(Waiting&&, Outcome) for each answer that the event ends the wait of.
  template <class Settle>
  void handle_event(const media::Event& event, Settle&& settle) {
    if (const auto* created = std::get_if<media::PeerCreated>(&event)) {
      end_one(created->peer, Asked::creation, Outcome::done, settle);
    } else if (const auto* refused = std::get_if<media::PeerRefused>(&event)) {
      end_one(refused->peer, Asked::creation, Outcome::refused, settle);
    } else if (const auto* restarted = std::get_if<media::IceRestarted>(&event)) {
      end_one(restarted->peer, Asked::restart, Outcome::done, settle);
    } else if (const auto* closed = std::get_if<media::PeerClosed>(&event)) {
      while (waiting_.contains(closed->peer)) settle(take_first(closed->peer), Outcome::ended);
    }
  }
  template <class Settle>
  void handle_timeout(TimePoint now, Settle&& settle) {
    for (auto next = waiting_.begin(); next != waiting_.end();) {
      const auto peer = (next++)->first;
      while (waiting_.contains(peer) && waiting_.at(peer).front().deadline <= now)
        settle(take_first(peer), Outcome::late);
    }
  }
  // Ends the wait of those for whose reply `which` is true.
  template <class Which, class Settle>
  void withdraw(Which&& which, Settle&& settle) {
    for (auto next = waiting_.begin(); next != waiting_.end();) {
      const auto peer = (next++)->first;
      while (waiting_.contains(peer) && which(std::as_const(waiting_.at(peer).front().reply)))
        settle(take_first(peer), Outcome::not_recorded);
    }
  }
  TimePoint next_deadline() const {
    auto deadline = kNever;
    for (const auto& [peer, queue] : waiting_) deadline = std::min(deadline, queue.front().deadline);
    return deadline;
  }

 private:
  // Nothing, where what is spoken of was answered by its timeout before.
  template <class Settle>
  void end_one(media::PeerId peer, Asked asked, Outcome outcome, Settle&& settle) {
    const auto found = waiting_.find(peer);
    if (found != waiting_.end() && found->second.front().asked == asked) settle(take_first(peer), outcome);
  }
  Waiting take_first(media::PeerId peer) {
    const auto found = waiting_.find(peer);
    auto first = std::move(found->second.front());
    found->second.pop_front();
    if (found->second.empty()) waiting_.erase(found);
    return first;
  }

  std::map<media::PeerId, std::deque<Waiting>> waiting_;  // no queue is empty
};

}  // namespace bridgehall::web

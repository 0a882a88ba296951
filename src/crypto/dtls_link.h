// For tests: two DTLS sessions joined by a link that loses, delays, reorders and repeats datagrams, in virtual time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/random.h"
#include "crypto/dtls.h"

namespace bridgehall::crypto::testing {

struct LinkFaults {
  double loss = 0;
  double repeat = 0;
  Duration jitter = 0ms;
};

class DtlsLink {
 public:
  static constexpr Duration kDelay = 20ms;

  DtlsLink(DtlsSession& client, DtlsSession& server, std::uint64_t seed, LinkFaults faults)
      : client_(client), server_(server), random_(seed), faults_(faults) {}

  TimePoint now() const { return now_; }
  std::size_t sent_by_server() const { return sent_by_server_; }
  // Called for each datagram before the faults; returns false to lose it.
  std::function<bool(DtlsRole sender, BytesView datagram)> filter;

  void start() {
    server_.start(now_);
    client_.start(now_);
    collect();
  }

  // Runs until both have left the handshake or `limit` is over.
  void run_until_settled(Duration limit) {
    const auto end = now_ + limit;
    while (now_ < end && (handshaking(client_) || handshaking(server_))) {
      if (!step(end)) break;
    }
  }
  void run_for(Duration time) {
    const auto end = now_ + time;
    while (step(end)) {
    }
    now_ = end;
  }
  void collect() {
    collect_from(client_, DtlsRole::client);
    collect_from(server_, DtlsRole::server);
  }

 private:
  static bool handshaking(const DtlsSession& session) { return session.state() == DtlsState::handshaking; }

  bool step(TimePoint end) {
    auto next = std::min(client_.next_deadline(), server_.next_deadline());
    if (!in_flight_.empty()) next = std::min(next, in_flight_.begin()->first);
    if (next > end) return false;
    now_ = std::max(now_, next);
    if (!in_flight_.empty() && in_flight_.begin()->first <= now_) {
      auto [sender, datagram] = std::move(in_flight_.begin()->second);
      in_flight_.erase(in_flight_.begin());
      (sender == DtlsRole::client ? server_ : client_).handle_datagram(datagram, now_);
    }
    for (auto* session : {&client_, &server_}) {
      if (session->next_deadline() <= now_) session->handle_timeout(now_);
    }
    collect();
    return true;
  }

  void collect_from(DtlsSession& session, DtlsRole sender) {
    std::vector<std::uint8_t> datagram;
    while (session.poll_transmit(datagram)) {
      if (sender == DtlsRole::server) ++sent_by_server_;
      if (filter && !filter(sender, datagram)) continue;
      const int copies = random_.chance(faults_.repeat) ? 2 : 1;
      for (int i = 0; i < copies; ++i) {
        if (random_.chance(faults_.loss)) continue;
        const auto jitter =
            faults_.jitter.count() == 0
                ? 0
                : static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(faults_.jitter.count())));
        in_flight_.emplace(now_ + kDelay + Duration{jitter}, std::pair{sender, datagram});
      }
    }
  }

  DtlsSession& client_;
  DtlsSession& server_;
  SeededRandom random_;
  LinkFaults faults_;
  TimePoint now_{1s};
  std::multimap<TimePoint, std::pair<DtlsRole, std::vector<std::uint8_t>>> in_flight_;
  std::size_t sent_by_server_ = 0;
};

}  // namespace bridgehall::crypto::testing

// The control plane without sockets: every HTTP request goes in under a ticket, its answer is polled out; commands go
// to the media core and its events come back. Owned by the program, run by HttpServer on the control thread. Bounds:
// tickets by the server's connections, sessions and commands by the directory's limits.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conference/directory.h"
#include "crypto/token.h"
#include "web/instant.h"
#include "web/media_core.h"
#include "web/message.h"
#include "web/metrics.h"
#include "web/signalling.h"
#include "web/static_files.h"

namespace bridgehall::web {

struct ControlSettings {
  std::vector<std::string> names;  // hosts under which we are reached, besides localhost, 127.0.0.1 and [::1]
  std::vector<std::string> conferences;
  conference::DirectoryLimits limits;
  SignallingSettings signalling;
};

class Control {
 public:
  static constexpr std::size_t kMaxBody = 64 * 1024;
  static constexpr Duration kCountersTimeout = 1s;
  static constexpr Duration kRetryPush = 5ms;

  Control(ControlSettings settings, crypto::TokenKey key, StaticFiles files, RandomSource& random, MediaCore& core);

  void set_addresses(std::vector<IpAddress> addresses) { signalling_.set_addresses(std::move(addresses)); }

  void submit(Ticket ticket, const Request& request, Instant now);
  std::optional<Answer> poll_answer();
  // The media core's eventfd was readable.
  void handle_events(TimePoint now);
  TimePoint next_deadline() const;
  void handle_timeout(TimePoint now);

  // For what the server refuses before there is a request (a head that cannot be read).
  void count_unread(unsigned status) { http_.count("unread", status); }

  // Takes no new sessions and closes those there are; /readyz says 503.
  void drain(TimePoint now);
  bool drained() const { return draining_ && directory_.quiet(); }
  conference::DirectoryCounts counts() const { return directory_.counts(); }

 private:
  struct Scrape {
    Ticket ticket = 0;
    TimePoint deadline;
  };

  std::optional<Response> dispatch(Ticket ticket, const Request& request, Instant now, std::string_view& route);
  std::optional<Response> refuse_host(const Request& request) const;
  std::optional<Response> signalling_request(Ticket, const SignallingResource&, const Request&, Instant);
  Response api_request(const std::vector<std::string>& path, const Request&, Instant);
  std::optional<Response> read_metrics(Ticket ticket, TimePoint now);
  Response metrics_response(const media::ShardCounters* counters) const;
  void finish_scrapes(const media::ShardCounters& counters);
  void answer(Ticket ticket, Response response);
  void log_event(const media::Event& event) const;
  // Moves commands and answers on as far as they go.
  void turn(TimePoint now);
  void push_commands();

  ControlSettings settings_;
  crypto::TokenKey key_;
  StaticFiles files_;
  MediaCore& core_;
  conference::Directory directory_;
  Signalling signalling_;
  HttpCounters http_;
  bool draining_ = false;
  std::optional<media::Command> stuck_;  // the ring was full
  TimePoint retry_push_ = kNever;
  std::map<std::uint64_t, Scrape> scrapes_;  // by ReadCounters::request
  std::uint64_t last_scrape_ = 0;
  std::map<Ticket, std::string_view> routes_;  // of requests whose answer is awaited, for counting
  std::deque<Answer> answers_;
};

}  // namespace bridgehall::web

// The control plane without sockets: every HTTP request goes in under a ticket, its answer is polled out; commands go
// to the media core and its events come back; what happened goes to the journal, and nobody is told before it is on
// disk. Owned by the program, run by HttpServer on the control thread. Bounds:
// tickets by the server's connections, sessions and commands by the directory's limits.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conference/host.h"
#include "conference/journal.h"
#include "crypto/token.h"
#include "web/backups_api.h"
#include "web/diagnosis.h"
#include "web/failure_budget.h"
#include "web/ice_servers.h"
#include "web/instant.h"
#include "web/invitations_api.h"
#include "web/link.h"
#include "web/local_ends.h"
#include "web/media_core.h"
#include "web/message.h"
#include "web/metrics.h"
#include "web/pages.h"
#include "web/recorded_replies.h"
#include "web/signalling.h"
#include "web/static_files.h"
#include "web/websocket_handshake.h"

namespace bridgehall::web {

struct ControlSettings {
  std::vector<std::string> names;  // hosts under which we are reached, besides localhost, 127.0.0.1 and [::1]
  std::vector<conference::Roster> conferences;
  SaveRoster save_roster;  // none: rosters are not kept
  std::string demo;        // the conference whose links are told to this machine; empty: none is
  conference::DirectoryLimits limits;
  crypto::Fingerprint fingerprint;
  std::uint16_t media_port = 0;
  IceServerSettings ice_servers;
  Diagnose diagnose;                       // none: /api/diagnosis finds nothing
  BackUp back_up;                          // none: there is no record to copy
  conference::Journal* journal = nullptr;  // outlives Control; none: what happens is kept in memory only
};

class Control final : public LinkHost {
 public:
  static constexpr std::size_t kMaxBody = 64 * 1024;
  static constexpr std::size_t kMaxOffer = 400 * 1024;  // a browser's with 33 m-lines has up to 300 KiB
  static constexpr Duration kCountersTimeout = 1s;
  static constexpr Duration kRetryPush = 5ms;

  Control(ControlSettings settings, crypto::TokenKey key, StaticFiles files, RandomSource& random, MediaCore& core);

  // Conferences of the settings as they were when the server ended; before anything else.
  void recover(std::vector<conference::Recovered> conferences, const Instant& now);

  void set_addresses(std::vector<IpAddress> addresses) { local_ends_.set_addresses(std::move(addresses)); }

  // Where media are taken over TCP, the best first.
  void set_tcp_ports(std::vector<std::uint16_t> ports) { local_ends_.set_tcp_ports(std::move(ports)); }

  void submit(Ticket ticket, const Request& request, Instant now);
  std::optional<Answer> poll_answer();
  // The media core's eventfd was readable, or the journal's.
  void handle_events(const Instant& now);
  TimePoint next_deadline() const;
  void handle_timeout(const Instant& now);
  // Readable when handle_events() is to be called; -1: never.
  int journal_fd() const { return journal_.event_fd(); }

  // Counted by whoever owns the sockets.
  LinkCounters& link_counters() { return links_; }
  PortCounters& port_counters() { return port_; }
  std::span<const std::string> names() const { return settings_.names; }
  void count_link(unsigned status) { http_.count(kLinkRoute, status); }
  // Most octets of the body that follows this head. Long ones are offers, and are read of token holders only: strangers
  // cannot fill the memory with what they send.
  std::size_t body_limit(const Request& head, const Instant& now) const;
  static Response make_too_large();
  // For what the server refuses before there is a request (a head that cannot be read).
  void count_unread(unsigned status) { http_.count("unread", status); }

  // Takes no new sessions and closes those there are; /readyz says 503.
  void drain(const Instant& now);
  bool drained() const { return draining_ && host_.directory().quiet() && host_.all_recorded(); }
  conference::DirectoryCounts counts() const { return host_.directory().counts(); }
  // For whoever checks what is said against what is so.
  const conference::Host& host() const { return host_; }

  // -- pages, see LinkHost --
  std::optional<Response> open_link(LinkId link, const std::string& conference, const Request& request,
                                    Instant now) override;
  void handle_message(LinkId link, std::string_view text, Instant now) override;
  bool greeted(LinkId link) const override { return pages_.greeted(link); }
  std::optional<std::string> next_message(LinkId link, Instant now) override;
  std::optional<LinkEnd> end_of(LinkId link) const override { return pages_.end_of(link); }
  void close_link(LinkId link, Instant now) override;
  std::optional<LinkId> poll_ready() override { return pages_.poll_ready(); }

 private:
  // What the media core's counters are read for.
  enum class Reading : std::uint8_t { metrics, diagnosis };
  struct Scrape {
    Ticket ticket = 0;
    Reading reading{};
    TimePoint deadline;
  };

  std::optional<Response> dispatch(Ticket ticket, const Request& request, Instant now, std::string_view& route);
  std::optional<Response> refuse_host(const Request& request) const;
  // Who asks, or a refusal: in words while its address has not failed too often.
  std::expected<Identity, Response> admit(const Request& request, const Instant& now);
  Response exchange(const Request& request, const Instant& now);
  Response refuse_caller(const Request& request, Response refusal, TimePoint now);
  std::optional<Response> signalling_request(Ticket, const SignallingResource&, const Request&, Instant);
  std::optional<Response> api_request(Ticket ticket, const std::vector<std::string>& path, const Request&, Instant,
                                      std::string_view& route);
  std::optional<Response> change_request(Ticket, const std::string& conference, const std::string& publication,
                                         const Request&, const Identity&, Instant);
  std::optional<Response> diagnosis_request(Ticket, const Request&, Instant);
  std::optional<Response> backup_request(Ticket, const Request&, Instant);
  std::optional<Response> read_counters(Ticket ticket, Reading reading, TimePoint now);
  Response response_of(Reading reading, const media::ShardCounters* counters) const;
  void finish_scrapes(const media::ShardCounters& counters);
  void answer(Ticket ticket, Response response);
  void log_event(const media::Event& event) const;
  // Moves batches, commands and answers on as far as they go.
  void turn(const Instant& now);
  void exchange_with_journal(const Instant& now);
  void write_batches();
  void take_result(const conference::JournalResult& result, const Instant& now);
  void release_changes();
  void push_commands();

  ControlSettings settings_;
  crypto::TokenKey key_;
  StaticFiles files_;
  MediaCore& core_;
  conference::MemoryJournal memory_;
  conference::Journal& journal_;
  conference::Host host_;
  LocalEnds local_ends_;
  IceServers ice_servers_;
  Signalling signalling_;
  Pages pages_;
  HttpCounters http_;
  LinkCounters links_;
  PortCounters port_;
  bool draining_ = false;
  std::optional<media::Command> stuck_;         // the ring was full
  std::optional<conference::Batch> unwritten_;  // the journal's was
  struct ChangedPublication {
    Ticket ticket = 0;
    std::string conference, publication;
    std::optional<Response> refusal;
  };
  RecordedReplies<ChangedPublication> changes_;
  TimePoint retry_push_ = kNever;
  std::map<std::uint64_t, Scrape> scrapes_;  // by ReadCounters::request
  std::uint64_t last_scrape_ = 0;
  struct Asked {
    std::string_view route;
    Caller caller = Caller::stranger;
  };
  std::map<Ticket, Asked> asked_;     // requests whose answer is awaited
  Caller caller_ = Caller::stranger;  // of the request that is being dispatched
  FailureBudget failures_;
  std::deque<Answer> answers_;
};

}  // namespace bridgehall::web

// /metrics: counters as Prometheus reads them. HTTP requests are counted here; the media core's counters come as a
// value.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "conference/directory.h"
#include "conference/journal.h"
#include "media/api.h"

namespace bridgehall::web {

// What the system says about this process; zeros where it says nothing.
struct ProcessStatistics {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // Unix time
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0;
};
ProcessStatistics read_process_statistics();

// Requests by route template and status. Bound: both come from lists in the code, never from a request.
class HttpCounters {
 public:
  void count(std::string_view route, unsigned status) { ++requests_[{std::string(route), status}]; }
  const std::map<std::pair<std::string, unsigned>, std::uint64_t>& requests() const { return requests_; }

 private:
  std::map<std::pair<std::string, unsigned>, std::uint64_t> requests_;
};

// Why a link ended: by the page; by what the host said; the connection broke; pings or the hello never came; texts were
// not taken in time; what came was no WebSocket text within its bounds.
enum class LinkClose : std::uint8_t { client, server, lost, silent, slow, broken };
inline constexpr std::array<std::string_view, 6> kLinkCloseNames{"client", "server", "lost",
                                                                 "silent", "slow",   "broken"};

// The WebSockets between pages and conferences.
struct LinkCounters {
  std::size_t open = 0;
  std::uint64_t texts_received = 0;
  std::uint64_t texts_sent = 0;
  std::array<std::uint64_t, kLinkCloseNames.size()> closed{};  // by LinkClose
};

// What became of the TCP connections: by what their first bytes said; closed because they said nothing in time, or
// because too many others did not either; TLS that was not agreed on; plain requests sent on to https.
enum class PortEvent : std::uint8_t { tls, http, media, unknown, silent, pushed_out, handshake_failed, redirected };
inline constexpr std::array<std::string_view, 8> kPortEventNames{
    "tls", "http", "media", "unknown", "silent", "pushed_out", "handshake_failed", "redirected"};

struct PortCounters {
  std::array<std::uint64_t, kPortEventNames.size()> events{};  // by PortEvent
  std::uint64_t accept_failures = 0;
  std::int64_t certificate_expires_at = 0;  // Unix time; 0: there is none
};

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

// `shard` is null when the media core did not answer in time: its metrics are then left out, so that they are not taken
// for zeros. `record` is null when nothing is kept.
std::string render_metrics(const media::ShardCounters* shard, const conference::DirectoryCounts& roster,
                           const HttpCounters& http, const LinkCounters& links, const PortCounters& port,
                           const ProcessStatistics& process, const conference::JournalCounters* record = nullptr);

}  // namespace bridgehall::web

#include "web/metrics.h"

#include <chrono>
#include <limits>
#include <sstream>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace bridgehall::web {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

void add_value(MetricFamily& family, double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

MetricFamily& add_family(Families& families, const char* name, const char* help, MetricType type) {
  families.push_back({name, help, type, {}});
  return families.back();
}

template <class Value>
void counter(Families& families, const char* name, const char* help, Value value) {
  add_value(add_family(families, name, help, MetricType::Counter), static_cast<double>(value));
}

template <class Value>
void gauge(Families& families, const char* name, const char* help, Value value) {
  add_value(add_family(families, name, help, MetricType::Gauge), static_cast<double>(value));
}

MetricFamily train_histogram(const std::array<std::uint64_t, 65>& lengths) {
  ClientMetric metric;
  auto& histogram = metric.histogram;
  std::size_t length = 0;
  for (const std::size_t bound : {1, 2, 4, 8, 16, 32, 64}) {
    for (; length <= bound; ++length) {
      histogram.sample_count += lengths[length];
      histogram.sample_sum += static_cast<double>(length * lengths[length]);
    }
    histogram.bucket.push_back({histogram.sample_count, static_cast<double>(bound)});
  }
  histogram.bucket.push_back({histogram.sample_count, std::numeric_limits<double>::infinity()});
  return {"bridgehall_train_datagrams",
          "Datagrams per train of media, sent with one system call.",
          MetricType::Histogram,
          {metric}};
}

void add_shard(Families& f, const media::ShardCounters& c) {
  counter(f, "bridgehall_datagrams_received_total", "UDP datagrams received.", c.datagrams_received);
  counter(f, "bridgehall_received_bytes_total", "UDP payload bytes received.", c.bytes_received);
  counter(f, "bridgehall_datagrams_sent_total", "UDP datagrams sent.", c.datagrams_sent);
  counter(f, "bridgehall_sent_bytes_total", "UDP payload bytes sent.", c.bytes_sent);
  counter(f, "bridgehall_send_errors_total", "Datagrams that the kernel refused to send.", c.send_errors);
  counter(f, "bridgehall_rtp_packets_received_total", "RTP packets received well.", c.rtp_received);
  counter(f, "bridgehall_rtp_packets_forwarded_total", "RTP packets sent to viewers, without retransmissions.",
          c.rtp_forwarded);
  counter(f, "bridgehall_rtp_packets_retransmitted_total", "RTP packets sent again on a viewer's request.",
          c.rtp_retransmitted);
  counter(f, "bridgehall_retransmissions_received_total", "Retransmitted RTP packets received from publishers.",
          c.retransmissions_received);
  counter(f, "bridgehall_keyframes_received_total", "Keyframes received from publishers.", c.keyframes_received);
  counter(f, "bridgehall_packets_mirrored_total", "RTP packets copied from one shard to another.", c.packets_mirrored);
  counter(f, "bridgehall_datagrams_handed_over_total",
          "Datagrams that the kernel gave to another shard's socket than their peer's.", c.datagrams_handed_over);
  counter(f, "bridgehall_trains_sent_total", "Trains of media sent, one system call each.", c.trains_sent);
  counter(f, "bridgehall_plis_received_total", "Keyframe requests received from viewers.", c.plis_received);
  counter(f, "bridgehall_plis_sent_total", "Keyframe requests sent to publishers.", c.plis_sent);
  counter(f, "bridgehall_nacked_packets_received_total", "Sequence numbers that viewers reported missing.",
          c.nacked_received);
  counter(f, "bridgehall_nacked_packets_sent_total", "Sequence numbers that we reported missing to publishers.",
          c.nacked_sent);
  auto& drops =
      add_family(f, "bridgehall_drops_total", "Datagrams and packets dropped, by reason.", MetricType::Counter);
  for (std::size_t i = 0; i < c.drops.size(); ++i) {
    add_value(drops, static_cast<double>(c.drops[i]),
              {{"reason", std::string(media::drop_name(static_cast<media::Drop>(i)))}});
  }
  f.push_back(train_histogram(c.train_lengths));
  gauge(f, "bridgehall_peers", "WebRTC peers in the media core.", c.peers);
  gauge(f, "bridgehall_peers_connected", "WebRTC peers that are connected.", c.peers_connected);
  gauge(f, "bridgehall_publications", "Tracks that are or may be sent in.", c.publications);
  gauge(f, "bridgehall_subscriptions", "Tracks sent out.", c.subscriptions);
  gauge(f, "bridgehall_packets_kept", "Packets kept for receivers behind and for retransmission.", c.packets_kept);
}

void add_port(Families& f, const PortCounters& port) {
  auto& events = add_family(f, "bridgehall_tcp_connections_total", "TCP connections, by what became of them.",
                            MetricType::Counter);
  for (std::size_t i = 0; i < port.events.size(); ++i)
    add_value(events, static_cast<double>(port.events[i]), {{"event", std::string(kPortEventNames[i])}});
  counter(f, "bridgehall_http_accept_failures_total", "Times that a TCP connection could not be taken.",
          port.accept_failures);
  if (port.certificate_expires_at != 0)
    gauge(f, "bridgehall_certificate_expiry_timestamp_seconds", "When the certificate of HTTPS ends, in Unix time.",
          port.certificate_expires_at);
}

// `counts` has one more than `bounds`: what is above all of them.
template <class Counts, class Bounds>
MetricFamily histogram(const char* name, const char* help, const Counts& counts, const Bounds& bounds, double sum) {
  ClientMetric metric;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    metric.histogram.sample_count += counts[i];
    const auto bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({metric.histogram.sample_count, bound});
  }
  metric.histogram.sample_sum = sum;
  return {name, help, MetricType::Histogram, {metric}};
}

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void add_record(Families& f, const conference::JournalCounters& c) {
  counter(f, "bridgehall_record_commits_total", "Transactions that are on the disk.", c.commits);
  std::vector<double> batches, times;
  for (const auto bound : c.kBatches) batches.push_back(static_cast<double>(bound));
  for (const auto bound : c.kTimes) times.push_back(in_seconds(bound));
  f.push_back(histogram("bridgehall_record_commit_batches", "What followed from one command each, by transaction.",
                        c.commits_by_batches, batches, static_cast<double>(c.batches)));
  f.push_back(histogram("bridgehall_record_commit_seconds", "How long transactions took.", c.commits_by_time, times,
                        in_seconds(c.time)));
  counter(f, "bridgehall_record_failures_total", "Transactions that the disk refused.", c.failures);
  gauge(f, "bridgehall_record_in_trouble", "Whether what happens cannot be written down.", c.in_trouble ? 1 : 0);
}

void add_links(Families& f, const LinkCounters& links) {
  gauge(f, "bridgehall_links", "WebSockets of pages.", links.open);
  counter(f, "bridgehall_link_texts_received_total", "Messages received from pages.", links.texts_received);
  counter(f, "bridgehall_link_texts_sent_total", "Messages sent to pages.", links.texts_sent);
  auto& closed = add_family(f, "bridgehall_links_closed_total", "WebSockets ended, by cause.", MetricType::Counter);
  for (std::size_t i = 0; i < links.closed.size(); ++i)
    add_value(closed, static_cast<double>(links.closed[i]), {{"cause", std::string(kLinkCloseNames[i])}});
}

}  // namespace

std::string render_metrics(const media::ShardCounters* shard, const conference::DirectoryCounts& roster,
                           const HttpCounters& http, const LinkCounters& links, const PortCounters& port,
                           const ProcessStatistics& process, const conference::JournalCounters* record) {
  Families families;
  gauge(families, "bridgehall_media_core_up", "Whether the media core answered in time.", shard ? 1 : 0);
  if (shard) add_shard(families, *shard);
  auto& sessions =
      add_family(families, "bridgehall_sessions", "WHIP and WHEP sessions, and participants.", MetricType::Gauge);
  add_value(sessions, static_cast<double>(roster.publishing), {{"kind", "publish"}});
  add_value(sessions, static_cast<double>(roster.viewing), {{"kind", "view"}});
  add_value(sessions, static_cast<double>(roster.participating), {{"kind", "participant"}});
  auto& requests =
      add_family(families, "bridgehall_http_requests_total", "HTTP requests answered.", MetricType::Counter);
  for (const auto& [key, count] : http.requests())
    add_value(requests, static_cast<double>(count), {{"route", key.first}, {"status", std::to_string(key.second)}});
  add_links(families, links);
  add_port(families, port);
  if (record) add_record(families, *record);
  counter(families, "process_cpu_seconds_total", "User and system CPU time spent.", process.cpu_seconds);
  gauge(families, "process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  gauge(families, "process_open_fds", "Open file descriptors.", process.open_descriptors);
  gauge(families, "process_max_fds", "Most file descriptors that may be open.", process.max_descriptors);
  gauge(families, "process_start_time_seconds", "Start of the process in Unix time.", process.start_time_seconds);
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return std::move(text).str();
}

}  // namespace bridgehall::web

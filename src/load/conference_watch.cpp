// How a conference run watches the server over time.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "load/conference_run.h"
#include "load/output.h"

namespace bridgehall::load {
namespace {

constexpr Duration kClosePatience = 10s;  // for the server to close what members have left
constexpr Duration kCloseLook = 100ms;

bool waited_long(const ProcessUsage& before, const ProcessUsage& after, double seconds) {
  return in_seconds(after.waited - before.waited) > 0.01 * seconds;
}

}  // namespace

void ConferenceRun::begin_samples(TimePoint now) {
  measured_since_ = now;
  begin_interval(now);
  if (options_.sample_every <= Duration{}) return;
  next_sample_ = now + options_.sample_every;
  fmt::print("{}", sample_head());
  std::fflush(stdout);
}

void ConferenceRun::begin_interval(TimePoint now) {
  const auto received = received_so_far();
  auto& i = *interval_;
  i.begin = now;
  i.packets = received.packets;
  i.expected = received.expected;
  i.received = received.received;
  i.server = usage_.read_server();
  i.own = read_own_usage();
  i.failures = 0;
  i.latency.clear();
  i.first_picture.clear();
}

void ConferenceRun::take_sample(TimePoint now) {
  const auto& i = *interval_;
  const auto seconds = in_seconds(now - i.begin);
  const auto received = received_so_far();
  const auto expected = received.expected - i.expected, arrived = received.received - i.received;
  RunSample sample{.at = now - measured_since_,
                   .latency_p50_ms = milliseconds(i.latency.percentile(0.5)),
                   .latency_p99_ms = milliseconds(i.latency.percentile(0.99)),
                   .packets = received.packets - i.packets,
                   .lost = expected - std::min(expected, arrived),
                   .arrivals = i.first_picture.count(),
                   .first_picture_p95_ms = milliseconds(i.first_picture.percentile(0.95)),
                   .failures = i.failures,
                   .busy = waited_long(i.own, read_own_usage(), seconds)};
  for (std::size_t place = 0; place < places(); ++place) sample.members += loop_.at(place) && !loop_.ended(place);
  if (const auto server = usage_.read_server(); server && i.server) {
    sample.resident_kib = server->resident_kib;
    sample.descriptors = server->descriptors;
    sample.threads = server->threads;
    sample.server_share = in_seconds(server->cpu - i.server->cpu) / seconds;
    sample.busy = sample.busy || waited_long(*i.server, *server, seconds);
  }
  fmt::print("{}", to_line(sample));
  std::fflush(stdout);
  result_->samples.push_back(sample);
  result_->latency += i.latency;
  begin_interval(now);
  next_sample_ += options_.sample_every;
}

void ConferenceRun::note_descriptors_after() {
  for (std::size_t place = 0; place < places(); ++place) loop_.remove(place);
  const auto patience = MemberLoop::now() + kClosePatience;
  auto& ends = result_->descriptors;
  do {
    loop_.turn_until(MemberLoop::now() + kCloseLook);
    if (const auto server = usage_.read_server()) ends.after = server->descriptors;
  } while (ends.after > ends.before && MemberLoop::now() < patience);
}

}  // namespace bridgehall::load

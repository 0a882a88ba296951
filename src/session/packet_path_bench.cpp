// What the session layer adds to each packet: claiming an index on the way out, two logs on the way in.
#include <array>

#include <benchmark/benchmark.h>

#include "session/receive_log.h"
#include "session/send_stream.h"
#include "session/twcc_receiver.h"

namespace bridgehall::session {
namespace {

constexpr Duration kGap = 2ms;

void claim_an_index(benchmark::State& state) {
  SendStream stream;
  std::int64_t sequence = 0;
  for (auto _ : state) benchmark::DoNotOptimize(stream.claim(sequence++));
}
BENCHMARK(claim_an_index);

void log_a_packet(benchmark::State& state) {
  ReceiveLog log{90'000};
  TimePoint now{};
  std::uint16_t sequence = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(log.on_packet(sequence, sequence * 180u, now));
    ++sequence;
    now += kGap;
  }
}
BENCHMARK(log_a_packet);

// With one packet of a hundred lost, its NACK and its retransmission.
void log_a_packet_of_a_lossy_stream(benchmark::State& state) {
  ReceiveLog log{90'000};
  TimePoint now{};
  std::uint16_t sequence = 0;
  std::array<std::uint16_t, 16> nacks;
  for (auto _ : state) {
    if (++sequence % 100 == 0) ++sequence;
    log.on_packet(sequence, sequence * 180u, now);
    now += kGap;
    if (now < log.next_nack_deadline()) continue;
    const auto asked = log.collect_nacks(now, 20ms, nacks);
    for (std::size_t i = 0; i < asked; ++i) log.on_packet(nacks[i], nacks[i] * 180u, now, true);
  }
}
BENCHMARK(log_a_packet_of_a_lossy_stream);

// The feedback message of each interval is part of the price.
void note_a_packet_for_congestion_control(benchmark::State& state) {
  TwccReceiver receiver;
  TimePoint now{};
  std::uint16_t sequence = 0;
  std::array<std::uint8_t, 1'200> out;
  for (auto _ : state) {
    receiver.on_packet(sequence++, now);
    now += kGap;
    if (now >= receiver.next_deadline()) benchmark::DoNotOptimize(receiver.build(now, Ssrc{1}, Ssrc{2}, out));
  }
}
BENCHMARK(note_a_packet_for_congestion_control);

}  // namespace
}  // namespace bridgehall::session

#include "session/twcc_receiver.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <span>

#include "base/check.h"
#include "base/sequence.h"

namespace bridgehall::session {

namespace {

static_assert(std::has_single_bit(TwccReceiver::kWindow));

constexpr std::uint8_t kPacketType = 205;
constexpr std::uint8_t kFormat = 15;
constexpr std::size_t kFixedSize = 20;  // RTCP header, two SSRCs, base, count, reference time, feedback count
constexpr std::size_t kPaddingMost = 3;
constexpr std::size_t kChunkSize = 2;
constexpr std::size_t kTwoBitSymbols = 7;
constexpr std::size_t kOneBitSymbols = 14;
constexpr std::int64_t kTick = 250'000;  // nanoseconds

// Packet status symbols of the draft, section 3.1.1.
enum Symbol : std::uint8_t { not_received = 0, small_delta = 1, large_delta = 2 };

// A chunk covers at least seven packets but for the last one, and a delta has at most two bytes: so each packet costs
// at most 16/7 bytes, and the last chunk two more.
std::size_t packets_that_fit(std::size_t room) {
  constexpr std::size_t kOnce = kFixedSize + kChunkSize + kPaddingMost;
  if (room <= kOnce) return 0;
  return std::min(TwccReceiver::kMaxPerFeedback, (room - kOnce) * kTwoBitSymbols / 16);
}

std::uint16_t run_length_chunk(Symbol symbol, std::size_t length) {
  return static_cast<std::uint16_t>(symbol << 13 | length);
}
std::uint16_t one_bit_chunk(std::span<const Symbol> symbols) {
  std::uint16_t chunk = 0x8000;
  for (std::size_t i = 0; i < symbols.size(); ++i) chunk |= static_cast<std::uint16_t>(symbols[i] << (13 - i));
  return chunk;
}
std::uint16_t two_bit_chunk(std::span<const Symbol> symbols) {
  std::uint16_t chunk = 0xc000;
  for (std::size_t i = 0; i < symbols.size(); ++i) chunk |= static_cast<std::uint16_t>(symbols[i] << (12 - 2 * i));
  return chunk;
}

// Greedy: each chunk is the kind that covers most of what comes next.
void write_chunks(ByteWriter& writer, std::span<const Symbol> symbols) {
  while (!symbols.empty()) {
    const auto different = std::find_if(symbols.begin(), symbols.end(), [&](Symbol s) { return s != symbols[0]; });
    const auto run = static_cast<std::size_t>(different - symbols.begin());
    const auto ahead = symbols.first(std::min(symbols.size(), kOneBitSymbols));
    std::size_t covered = 0;
    if (run >= kOneBitSymbols) {
      covered = run;
      writer.u16(run_length_chunk(symbols[0], run));
    } else if (std::find(ahead.begin(), ahead.end(), large_delta) == ahead.end()) {
      covered = ahead.size();
      writer.u16(one_bit_chunk(ahead));
    } else if (run >= kTwoBitSymbols) {
      covered = run;
      writer.u16(run_length_chunk(symbols[0], run));
    } else {
      covered = std::min(symbols.size(), kTwoBitSymbols);
      writer.u16(two_bit_chunk(symbols.first(covered)));
    }
    symbols = symbols.subspan(covered);
  }
}

}  // namespace

void TwccReceiver::on_packet(std::uint16_t transport_sequence, TimePoint now) {
  if (!started_) {
    started_ = true;
    highest_ = next_to_report_ = 0x10000 + transport_sequence;  // so that no number that comes late is below 1
  }
  const auto sequence = extend_sequence(highest_, transport_sequence);
  if (sequence < next_to_report_ || arrival_of(sequence) != nullptr) return;
  if (sequence > highest_) {
    highest_ = sequence;
    next_to_report_ = std::max(next_to_report_, sequence - static_cast<std::int64_t>(kWindow) + 1);
  }
  arrivals_[static_cast<std::size_t>(sequence) % kWindow] = {
      static_cast<std::uint32_t>(sequence), static_cast<std::uint32_t>(now.time_since_epoch().count() / kTick)};
  if (!waiting_) {
    waiting_ = true;
    deadline_ = now + kInterval;
  }
}

TimePoint TwccReceiver::next_deadline() const { return deadline_; }

const TwccReceiver::Arrival* TwccReceiver::arrival_of(std::int64_t sequence) const {
  const auto& arrival = arrivals_[static_cast<std::size_t>(sequence) % kWindow];
  return arrival.sequence == static_cast<std::uint32_t>(sequence) ? &arrival : nullptr;
}

std::size_t TwccReceiver::build(TimePoint now, Ssrc sender, Ssrc media, MutableBytes out) {
  if (!waiting_ || now < deadline_) return 0;
  BRIDGEHALL_CHECK(out.size() >= kMinBuffer);
  const auto limit = static_cast<std::int64_t>(packets_that_fit(out.size()));

  // A message begins with the losses before its first arrival and ends with an arrival, so none is without one. The
  // highest has arrived: that bounds the search. Of a loss longer than a message only the end is told.
  auto first_arrival = next_to_report_;
  while (arrival_of(first_arrival) == nullptr) ++first_arrival;
  const auto base = std::max(next_to_report_, first_arrival - limit + 1);

  const std::uint32_t reference = arrival_of(first_arrival)->ticks & ~std::uint32_t{0xff};
  std::array<Symbol, kMaxPerFeedback> symbols;
  std::array<std::int16_t, kMaxPerFeedback> deltas;
  std::fill_n(symbols.begin(), first_arrival - base, not_received);
  auto count = static_cast<std::size_t>(first_arrival - base);  // of symbols up to the last arrival taken
  std::size_t delta_count = 0;
  std::uint32_t last_ticks = reference;
  const auto last = std::min(highest_, base + limit - 1);
  for (auto sequence = first_arrival; sequence <= last; ++sequence) {
    auto& symbol = symbols[static_cast<std::size_t>(sequence - base)];
    symbol = not_received;
    const auto* arrival = arrival_of(sequence);
    if (arrival == nullptr) continue;
    const auto delta = static_cast<std::int32_t>(arrival->ticks - last_ticks);
    if (delta < std::numeric_limits<std::int16_t>::min() || delta > std::numeric_limits<std::int16_t>::max()) break;
    symbol = delta >= 0 && delta <= 0xff ? small_delta : large_delta;
    deltas[delta_count++] = static_cast<std::int16_t>(delta);
    last_ticks = arrival->ticks;
    count = static_cast<std::size_t>(sequence - base) + 1;
  }

  ByteWriter writer{out};
  writer.u8(0x80 | kFormat);
  writer.u8(kPacketType);
  writer.u16(0);  // length, known at the end
  writer.u32(sender.value());
  writer.u32(media.value());
  writer.u16(static_cast<std::uint16_t>(base));
  writer.u16(static_cast<std::uint16_t>(count));
  writer.u24(reference >> 8);
  writer.u8(feedback_count_++);
  write_chunks(writer, std::span{symbols}.first(count));
  for (std::size_t i = 0; i < delta_count; ++i) {
    if (deltas[i] >= 0 && deltas[i] <= 0xff)
      writer.u8(static_cast<std::uint8_t>(deltas[i]));
    else
      writer.u16(static_cast<std::uint16_t>(deltas[i]));
  }
  if (const auto padding = (4 - writer.size() % 4) % 4; padding != 0) {
    out[0] |= 0x20;
    writer.zeros(padding - 1);
    writer.u8(static_cast<std::uint8_t>(padding));
  }
  BRIDGEHALL_CHECK(writer.ok());
  writer.patch_u16(2, static_cast<std::uint16_t>(writer.size() / 4 - 1));

  next_to_report_ = base + static_cast<std::int64_t>(count);
  if (next_to_report_ > highest_) {
    waiting_ = false;
    deadline_ = kNever;
  }
  return writer.size();
}

}  // namespace bridgehall::session

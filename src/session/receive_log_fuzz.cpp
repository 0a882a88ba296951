// A receive log beside a naive model of it that remembers every packet: after each operation both must say the same.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "session/receive_log.h"

namespace bridgehall::session {
namespace {

constexpr std::int64_t kWindow = ReceiveLog::kWindow;
using Arrival = ReceiveLog::Arrival;

struct Model {
  struct Asked {
    TimePoint next;
    int times = 0;
  };
  std::set<std::int64_t> came;
  std::map<std::int64_t, Asked> missing;
  std::uint64_t duplicates = 0;

  std::int64_t highest() const { return *came.rbegin(); }

  // The number nearest to the highest; of two equally near ones the lower.
  std::int64_t extend(std::uint16_t sequence) const {
    if (came.empty()) return sequence;
    const std::int64_t least = highest() - 32'768;
    return least + static_cast<std::uint16_t>(sequence - static_cast<std::uint16_t>(least));
  }

  ReceiveLog::Result on_packet(std::uint16_t sequence, TimePoint now) {
    const auto extended = extend(sequence);
    if (came.empty() || extended > highest()) {
      const auto first = came.empty() ? extended : highest() + 1;
      const bool too_many = missing.size() + static_cast<std::size_t>(extended - first) > ReceiveLog::kMaxMissing;
      if (too_many) missing.clear();
      for (auto s = first; s < extended && !too_many; ++s) missing[s] = {now + ReceiveLog::kReorderGrace};
      came.insert(extended);
      return {Arrival::in_order, extended, too_many};
    }
    if (extended <= highest() - kWindow) return {Arrival::too_old, extended, false};
    if (!came.insert(extended).second) {
      ++duplicates;
      return {Arrival::duplicate, extended, false};
    }
    missing.erase(extended);
    return {Arrival::late, extended, false};
  }

  std::vector<std::uint16_t> collect(TimePoint now, Duration round_trip_time, std::size_t room) {
    std::vector<std::uint16_t> out;
    for (auto entry = missing.begin(); entry != missing.end();) {
      auto& [sequence, asked] = *entry;
      bool over = sequence <= highest() - kWindow;
      if (!over && asked.next <= now && out.size() < room) {
        out.push_back(static_cast<std::uint16_t>(sequence));
        asked.next = now + std::max<Duration>(round_trip_time, 20ms) * 3 / 2;
        over = ++asked.times == ReceiveLog::kMaxNacks;
      }
      entry = over ? missing.erase(entry) : std::next(entry);
    }
    return out;
  }

  TimePoint deadline() const {
    TimePoint first = kNever;
    for (const auto& [sequence, asked] : missing) first = std::min(first, asked.next);
    return first;
  }
};

class Run {
 public:
  explicit Run(BytesView input) : input_(input) {}

  void run() {
    while (!input_.at_end()) {
      step();
      compare();
    }
  }

 private:
  void step() {
    const auto operation = input_.u8();
    switch (operation & 7) {
      case 0:
        now_ += input_.u8() * 1ms;
        return;
      case 1:
        return collect();
      case 2:
        return report();
      case 3:
        return packet(input_.u16());
      case 4:
        return packet(static_cast<std::uint16_t>(sequence_ - (operation >> 3)));
      default:
        return packet(static_cast<std::uint16_t>(sequence_ + (operation >> 3)));
    }
  }

  void packet(std::uint16_t sequence) {
    sequence_ = sequence;
    const auto expected = model_.on_packet(sequence, now_);
    const auto result = log_.on_packet(sequence, sequence * 3'000u, now_, (sequence & 1) != 0);
    BRIDGEHALL_CHECK(result.arrival == expected.arrival);
    BRIDGEHALL_CHECK(result.extended_sequence == expected.extended_sequence);
    BRIDGEHALL_CHECK(result.too_many_missing == expected.too_many_missing);
  }

  void collect() {
    const Duration round_trip_time = input_.u8() * 1ms;
    std::vector<std::uint16_t> out(input_.u8() % 40);
    const auto size = log_.collect_nacks(now_, round_trip_time, out);
    if (model_.came.empty()) {
      BRIDGEHALL_CHECK(size == 0);
      return;
    }
    const auto expected = model_.collect(now_, round_trip_time, out.size());
    out.resize(size);
    BRIDGEHALL_CHECK(out == expected);
  }

  void report() {
    const auto block = log_.report(Ssrc{5}, now_);
    BRIDGEHALL_CHECK(block.ssrc == Ssrc{5});
    BRIDGEHALL_CHECK(block.highest_sequence == static_cast<std::uint32_t>(log_.highest_extended_sequence()));
    BRIDGEHALL_CHECK(block.cumulative_lost == std::min<std::int64_t>(log_.lost(), 0x7fffff));
  }

  void compare() const {
    BRIDGEHALL_CHECK(log_.started() == !model_.came.empty());
    BRIDGEHALL_CHECK(log_.next_nack_deadline() == model_.deadline());
    if (!log_.started()) return;
    BRIDGEHALL_CHECK(log_.highest_extended_sequence() == model_.highest());
    BRIDGEHALL_CHECK(log_.received() == model_.came.size());
    BRIDGEHALL_CHECK(log_.duplicates() == model_.duplicates);
    const auto expected = model_.highest() - *model_.came.begin() + 1;
    BRIDGEHALL_CHECK(log_.lost() == expected - static_cast<std::int64_t>(model_.came.size()));
  }

  ByteReader input_;
  ReceiveLog log_{90'000};
  Model model_;
  TimePoint now_{1'000s};
  std::uint16_t sequence_ = 0;
};

}  // namespace
}  // namespace bridgehall::session

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bridgehall::session::Run{bridgehall::BytesView{data, size}}.run();
  return 0;
}

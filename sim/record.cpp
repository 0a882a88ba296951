#include "sim/record.h"

#include <algorithm>
#include <utility>

#include "conference/apply.h"

namespace bridgehall::sim {

conference::Recovered SimDisk::recover(const conference::Roster& roster) const {
  conference::Recovered recovered{conference::initial_state(roster), {}};
  for (const auto& recorded : events) conference::apply(recovered.state, recorded.event);
  const auto recent = std::min(events.size(), conference::EventLog::kCapacity);
  recovered.recent.assign(events.end() - static_cast<std::ptrdiff_t>(recent), events.end());
  return recovered;
}

// A group commit takes some milliseconds; now and then a disk has other things to do.
Duration SimJournal::draw_delay() {
  const auto most = random_.chance(0.03) ? 200ms : 12ms;
  return 500us + Duration{random_.below(static_cast<std::uint64_t>(Duration(most).count()))};
}

bool SimJournal::write(conference::Batch&& batch) {
  if (failing_) return true;  // refused with those before it
  if (waiting_.size() >= kCapacity) return false;
  last_due_ = std::max(last_due_, world_.now + draw_delay());
  waiting_.push_back({std::move(batch), last_due_});
  return true;
}

void SimJournal::advance() {
  while (!waiting_.empty() && waiting_.front().due <= world_.now) {
    auto [batch, due] = std::move(waiting_.front());
    waiting_.pop_front();
    if (disk_.trouble) {
      failing_ = true;
      waiting_.clear();
      return tell(conference::BatchesFailed{batch.number, *disk_.trouble}, due);
    }
    for (auto& event : batch.events) {
      if (event.sequence != disk_.events.size() + 1)
        world_.violations.add(world_.now, "event {} is written after {}", event.sequence, disk_.events.size());
      disk_.events.push_back(std::move(event));
    }
    tell(conference::BatchesCommitted{batch.number}, due);
  }
}

void SimJournal::tell(conference::JournalResult result, TimePoint written) {
  last_told_ = std::max(last_told_, written + Duration{random_.below(1'000'000)});
  told_.push_back({result, last_told_});
}

std::optional<conference::JournalResult> SimJournal::poll() {
  if (!has_results()) return std::nullopt;
  const auto result = told_.front().result;
  told_.pop_front();
  if (std::holds_alternative<conference::BatchesFailed>(result)) failing_ = false;
  return result;
}

TimePoint SimJournal::next_deadline() const {
  return std::min(waiting_.empty() ? kNever : waiting_.front().due, told_.empty() ? kNever : told_.front().at);
}

}  // namespace bridgehall::sim

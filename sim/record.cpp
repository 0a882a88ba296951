#include "sim/record.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/event_json.h"
#include "storage/recovery.h"

namespace bridgehall::sim {
namespace {

constexpr char kPath[] = "record.sqlite3";

storage::DiskFault fault_of(conference::RecordTrouble trouble, SeededRandom& random) {
  switch (trouble) {
    case conference::RecordTrouble::disk_full:
      return storage::DiskFault::full;
    case conference::RecordTrouble::read_only:
      return storage::DiskFault::read_only;
    case conference::RecordTrouble::failed:
      break;
  }
  return random.chance(0.5) ? storage::DiskFault::write_fails : storage::DiskFault::sync_fails;
}

bool same(const conference::RecordedEvent& a, const conference::RecordedEvent& b) {
  return a.sequence == b.sequence && a.at == b.at && a.actor == b.actor &&
         storage::encode_event(a.event) == storage::encode_event(b.event);
}

}  // namespace

std::vector<conference::Recovered> SimDisk::open(World& world, const conference::Roster& roster) {
  conference_ = roster.id;
  // Whoever starts a server on a disk that takes nothing at all is told so, and repairs it first.
  if (trouble_ && trouble_ != conference::RecordTrouble::disk_full) set_trouble(std::nullopt);
  auto opened = storage::SqliteJournal::open({.path = kPath, .vfs = vfs_.name()});
  if (!opened) {
    world.violations.add(world.now, "the record does not open: {}", opened.error().message);
    return {};
  }
  journal_ = std::move(*opened);
  auto recovered = storage::load_conferences(*journal_, {&roster, 1});
  auto found = journal_->read(conference_, 0, std::numeric_limits<std::int32_t>::max());
  if (!recovered || !found) {
    world.violations.add(world.now, "the record cannot be read: {}",
                         (recovered ? found.error() : recovered.error()).message);
    return {};
  }
  compare(world, std::move(*found));
  return std::move(*recovered);
}

// Beyond what was acknowledged there is nothing, or one of the transactions of which nobody knows, whole.
void SimDisk::compare(World& world, Events found) {
  const auto starts_with = [&](const Events& events, std::size_t from) {
    return found.size() >= from + events.size() &&
           std::equal(events.begin(), events.end(), found.begin() + static_cast<std::ptrdiff_t>(from), same);
  };
  const auto beyond = found.size() - std::min(found.size(), events_.size());
  if (!starts_with(events_, 0)) {
    world.violations.add(world.now, "{} events were acknowledged, and the record has {} or others", events_.size(),
                         found.size());
  } else if (beyond > 0 && std::none_of(in_doubt_.begin(), in_doubt_.end(), [&](const Events& doubted) {
               return doubted.size() == beyond && starts_with(doubted, events_.size());
             })) {
    world.violations.add(world.now, "the record has {} events that nobody wrote", beyond);
  }
  events_ = std::move(found);
  in_doubt_.clear();
}

SimDisk::Written SimDisk::append(const conference::Batch& batch) {
  const auto done = journal_->append({&batch, 1});
  if (done) {
    events_.insert(events_.end(), batch.events.begin(), batch.events.end());
    in_doubt_.clear();
    return Written::yes;
  }
  in_doubt_.push_back(batch.events);
  if (!has_power()) return Written::unknown;
  why_refused_ = storage::trouble_of(done.error().kind);
  // Opens the file anew, if the disk lets it.
  static_cast<void>(journal_->tend());
  if (!journal_->broken()) in_doubt_.clear();
  return has_power() ? Written::refused : Written::unknown;
}

void SimDisk::tend() {
  if (random_.chance(0.05))
    if (const auto state = journal_->load(conference_); state && *state)
      static_cast<void>(journal_->write_snapshot(**state, storage::Origin::events));
  static_cast<void>(journal_->tend());
}

void SimDisk::lose_power() {
  vfs_.crash_now();
  journal_.reset();
  vfs_.restart();
}

void SimDisk::set_trouble(std::optional<conference::RecordTrouble> trouble) {
  trouble_ = trouble;
  vfs_.set_fault(trouble ? fault_of(*trouble, random_) : storage::DiskFault::none);
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
  while (!waiting_.empty() && waiting_.front().due <= world_.now && disk_.has_power()) {
    auto [batch, due] = std::move(waiting_.front());
    waiting_.pop_front();
    switch (disk_.append(batch)) {
      case SimDisk::Written::yes:
        tell(conference::BatchesCommitted{batch.number}, due);
        disk_.tend();
        break;
      case SimDisk::Written::refused:
        failing_ = true;
        waiting_.clear();
        return tell(conference::BatchesFailed{batch.number, disk_.why_refused()}, due);
      case SimDisk::Written::unknown:
        return;
    }
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
  return std::min(waiting_.empty() || !disk_.has_power() ? kNever : waiting_.front().due,
                  told_.empty() ? kNever : told_.front().at);
}

}  // namespace bridgehall::sim

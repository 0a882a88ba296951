#include "storage/sqlite_journal.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "conference/apply.h"
#include "storage/event_json.h"
#include "storage/state_json.h"

namespace bridgehall::storage {
namespace {

using conference::RecordedEvent;

constexpr std::size_t kPart = 10'000;  // events in memory at a time while a conference is folded

std::int64_t milliseconds(conference::WallTime at) { return at.time_since_epoch().count(); }
conference::WallTime wall_time(std::int64_t milliseconds) {
  return conference::WallTime{std::chrono::milliseconds{milliseconds}};
}

std::string_view origin_name(Origin origin) { return origin == Origin::given ? "given" : "events"; }
Origin parse_origin(std::string_view name) { return name == "given" ? Origin::given : Origin::events; }

std::unexpected<Failure> damaged(std::string_view path, std::string_view conference, std::string_view what) {
  return fail(FailureKind::damaged, fmt::format("{} is damaged in the conference {}: {}", path, conference, what));
}

std::unexpected<Failure> unknown(std::string_view conference) {
  return fail(FailureKind::missing, fmt::format("The conference {} is not recorded.", conference));
}

// Each batch goes on where the one before it in its conference ended. `reached` starts as what is recorded.
Outcome<void> check_order(std::span<const conference::Batch> batches, const Positions& recorded) {
  std::map<std::string_view, std::uint64_t> reached;
  for (const auto& batch : batches) {
    const auto known = recorded.find(batch.conference);
    auto& last = reached.try_emplace(batch.conference, known == recorded.end() ? 0 : known->second.last).first->second;
    if (batch.events.empty())
      return fail(FailureKind::refused,
                  fmt::format("Batch {} of the conference {} has no events.", batch.number, batch.conference));
    for (const auto& event : batch.events) {
      if (event.sequence != last + 1)
        return fail(FailureKind::refused,
                    fmt::format("Batch {} has event {} of the conference {} where event {} comes next.", batch.number,
                                event.sequence, batch.conference, last + 1));
      last = event.sequence;
    }
  }
  return {};
}

}  // namespace

Outcome<std::unique_ptr<SqliteJournal>> SqliteJournal::open(FileOptions file) {
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(std::move(file)));
  if (auto connected = journal->connect(); !connected) return std::unexpected(connected.error());
  return journal;
}

// What was refused last is cut off on the way out too, where the disk lets us.
SqliteJournal::~SqliteJournal() {
  if (opened_ && ready()) connection_->close_cleanly();
}

Outcome<void> SqliteJournal::connect() {
  if (opened_) {
    // Who removed the file while we ran does not get an empty one in its place.
    file_.access = Access::existing;
    if (auto cut = cut_failed_commit(file_, log_frames_, page_size_); !cut) return cut;
  }
  auto connection = opened_ ? Connection::open(file_, log_frames_) : Connection::open(file_);
  if (!connection) return std::unexpected(connection.error());
  log_frames_ = (*connection)->log_frames;
  page_size_ = (*connection)->page_size;
  auto positions = (*connection)->positions();
  if (!positions) return std::unexpected(positions.error());
  if (opened_ && *positions != positions_)
    return fail(FailureKind::damaged,
                fmt::format("{} does not hold what was recorded last: it was changed or replaced behind the server's "
                            "back. Restart the server.",
                            file_.path));
  positions_ = std::move(*positions);
  opened_ = true;
  connection_ = std::move(*connection);
  return {};
}

Outcome<void> SqliteJournal::ready() { return connection_ ? Outcome<void>{} : connect(); }

std::unexpected<Failure> SqliteJournal::give_up(const Failure& failure) {
  auto reason = failure;
  log_frames_ = connection_->log_frames;
  connection_.reset();
  return std::unexpected(std::move(reason));
}

Outcome<Database*> SqliteJournal::database() {
  if (auto open = ready(); !open) return std::unexpected(open.error());
  return connection_->database.get();
}

Outcome<void> SqliteJournal::begin_copy(const std::string& to) {
  if (auto open = ready(); !open) return open;
  auto copy = RecordCopy::begin(*connection_->database, to);
  if (!copy) return std::unexpected(copy.error());
  connection_->copy = std::move(*copy);
  return {};
}

Outcome<bool> SqliteJournal::copy_some() {
  if (!connection_ || !connection_->copy)
    return fail(FailureKind::disk_error,
                "The record could not be written while it was copied, so the copy was given up.");
  auto done = connection_->copy->step();
  if (!done || *done) connection_->copy.reset();
  return done;
}

// Nothing was written yet when somebody's input is refused, so the connection is as good as before.
template <class Work>
Outcome<void> SqliteJournal::transact(Work&& work) {
  Outcome<void> done;
  {
    Transaction transaction(*connection_->database);
    done = transaction.begin();
    if (done) done = work();
    if (done) done = transaction.commit();
  }
  if (!done && done.error().kind != FailureKind::refused) return give_up(done.error());
  return done;
}

Outcome<Position> SqliteJournal::find(std::string_view conference) {
  const auto found = positions_.find(conference);
  if (found == positions_.end()) return unknown(conference);
  return found->second;
}

Outcome<Position> SqliteJournal::find_or_add(std::string_view conference, Positions& changed) {
  if (const auto found = changed.find(conference); found != changed.end()) return found->second;
  auto position = find(conference).value_or(Position{});
  if (position.key == 0) {
    if (auto added = connection_->insert_conference.run(conference); !added) return std::unexpected(added.error());
    position.key = sqlite3_last_insert_rowid(connection_->database->handle());
  }
  changed.emplace(conference, position);
  return position;
}

Outcome<void> SqliteJournal::insert(const Position& position, const RecordedEvent& event) {
  return connection_->insert_event.run(position.key, event.sequence, milliseconds(event.at), event.actor,
                                       encode_event(event.event));
}

Outcome<void> SqliteJournal::insert(const Position& position, const Snapshot& snapshot) {
  return connection_->insert_snapshot.run(position.key, snapshot.state.sequence, origin_name(snapshot.origin),
                                          encode_state(snapshot.state));
}

Outcome<void> SqliteJournal::append(std::span<const conference::Batch> batches) {
  if (auto open = ready(); !open) return open;
  if (auto order = check_order(batches, positions_); !order) return order;
  Positions changed;
  const auto done = transact([&]() -> Outcome<void> {
    for (const auto& batch : batches) {
      const auto position = find_or_add(batch.conference, changed);
      if (!position) return std::unexpected(position.error());
      for (const auto& event : batch.events)
        if (auto inserted = insert(*position, event); !inserted) return inserted;
      changed[batch.conference].last = batch.events.back().sequence;
    }
    return {};
  });
  if (!done) return done;
  for (auto& [id, position] : changed) positions_[id] = position;
  return {};
}

Outcome<void> SqliteJournal::tend() {
  if (auto open = ready(); !open) return open;
  if (connection_->log_frames < kLogFrames) return {};
  if (auto done = connection_->checkpoint(); !done) return give_up(done.error());
  return {};
}

Outcome<std::vector<RecordedEvent>> SqliteJournal::read(std::string_view conference, std::uint64_t after,
                                                        std::size_t most) {
  if (auto open = ready(); !open) return std::unexpected(open.error());
  const auto position = find(conference);
  if (!position) return std::unexpected(position.error());
  std::vector<RecordedEvent> events;
  auto last = after;
  const auto done = connection_->select_events.each(
      [&](Statement& row) -> Outcome<void> {
        auto event = decode_event(row.text(3));
        const auto sequence = static_cast<std::uint64_t>(row.number(0));
        if (!event)
          return damaged(file_.path, conference, fmt::format("event {}: {}", sequence, event.error().message));
        if (sequence != last + 1)
          return damaged(file_.path, conference, fmt::format("event {} is not there.", last + 1));
        last = sequence;
        events.push_back({sequence, wall_time(row.number(1)), std::string(row.text(2)), std::move(*event)});
        return {};
      },
      position->key, after, most);
  if (!done) return give_up(done.error());
  return events;
}

Outcome<std::uint64_t> SqliteJournal::forgotten(const Position& position) {
  const auto number = connection_->database->number(
      fmt::format("SELECT coalesce(min(sequence), 1) - 1 FROM events WHERE conference = {}", position.key));
  if (!number) return give_up(number.error());
  return static_cast<std::uint64_t>(*number);
}

Outcome<std::vector<RecordedEvent>> SqliteJournal::read_latest(std::string_view conference, std::size_t most) {
  if (auto open = ready(); !open) return std::unexpected(open.error());
  const auto position = find(conference);
  if (!position) return std::unexpected(position.error());
  const auto first = forgotten(*position);
  if (!first) return std::unexpected(first.error());
  return read(conference, std::max(*first, position->last - std::min<std::uint64_t>(position->last, most)), most);
}

Outcome<std::optional<conference::State>> SqliteJournal::load(std::string_view conference) {
  if (auto open = ready(); !open) return std::unexpected(open.error());
  const auto position = find(conference);
  if (!position) return std::nullopt;
  conference::State state{.id = std::string(conference)};
  const auto found = connection_->select_snapshot.each(
      [&](Statement& row) -> Outcome<void> {
        auto decoded = decode_state(row.text(2));
        if (!decoded) return damaged(file_.path, conference, decoded.error().message);
        state = std::move(*decoded);
        return {};
      },
      position->key);
  if (!found) return give_up(found.error());
  for (;;) {
    const auto events = read(conference, state.sequence, kPart);
    if (!events) return std::unexpected(events.error());
    for (const auto& event : *events) conference::apply(state, event.event);
    if (events->size() < kPart) break;
  }
  if (state.sequence != position->last)
    return damaged(file_.path, conference, fmt::format("event {} is not there.", state.sequence + 1));
  return state;
}

Outcome<std::uint64_t> SqliteJournal::events_since_snapshot(std::string_view conference) {
  if (auto open = ready(); !open) return std::unexpected(open.error());
  const auto position = find(conference);
  if (!position) return std::unexpected(position.error());
  const auto newest = connection_->database->number(
      fmt::format("SELECT coalesce(max(sequence), 0) FROM snapshots WHERE conference = {}", position->key));
  if (!newest) return give_up(newest.error());
  return position->last - static_cast<std::uint64_t>(*newest);
}

Outcome<std::vector<RecordedConference>> SqliteJournal::list() {
  if (auto open = ready(); !open) return std::unexpected(open.error());
  std::vector<RecordedConference> conferences;
  auto count = connection_->database->prepare("SELECT count(*) FROM events WHERE conference = ?1");
  if (!count) return give_up(count.error());
  for (const auto& [id, position] : positions_) {
    RecordedConference entry{.id = id, .last_sequence = position.last};
    auto done =
        count->each([&](Statement& row) { entry.events = static_cast<std::uint64_t>(row.number(0)); }, position.key);
    if (done)
      done = connection_->select_last_at.each([&](Statement& row) { entry.last_at = wall_time(row.number(0)); },
                                              position.key);
    if (!done) {
      *count = Statement();  // ends before its connection
      return give_up(done.error());
    }
    conferences.push_back(std::move(entry));
  }
  return conferences;
}

Outcome<void> SqliteJournal::write_snapshot(const conference::State& state, Origin origin) {
  if (auto open = ready(); !open) return open;
  const auto last = find(state.id).value_or(Position{}).last;
  if (state.sequence > last || (origin == Origin::given && state.sequence < last))
    return fail(FailureKind::refused,
                fmt::format("A snapshot of the conference {} at event {} does not fit a record that ends with event "
                            "{}.",
                            state.id, state.sequence, last));
  Positions changed;
  const auto done = transact([&]() -> Outcome<void> {
    const auto position = find_or_add(state.id, changed);
    if (!position) return std::unexpected(position.error());
    if (auto inserted = insert(*position, Snapshot{state, origin}); !inserted) return inserted;
    return connection_->forget_older_folds.run(position->key, state.sequence);
  });
  if (!done) return done;
  for (auto& [id, position] : changed) positions_[id] = position;
  return {};
}

Outcome<std::uint64_t> SqliteJournal::purge_one(const std::string& conference, const Position& position) {
  const auto state = load(conference);
  if (!state) return std::unexpected(state.error());
  auto rest = **state;
  rest.chat.clear();
  for (auto& seat : rest.seats) seat.hand.reset();
  std::uint64_t forgotten = 0;
  const auto done = transact([&]() -> Outcome<void> {
    if (auto kept = insert(position, Snapshot{rest, Origin::events}); !kept) return kept;
    if (auto others = connection_->forget_other_snapshots.run(position.key, position.last, "events"); !others)
      return others;
    if (auto events = connection_->forget_events.run(position.key); !events) return events;
    forgotten = static_cast<std::uint64_t>(sqlite3_changes64(connection_->database->handle()));
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return forgotten;
}

Outcome<std::uint64_t> SqliteJournal::purge(conference::WallTime before) {
  const auto conferences = list();
  if (!conferences) return std::unexpected(conferences.error());
  std::uint64_t forgotten = 0;
  for (const auto& each : *conferences) {
    if (each.events == 0 || each.last_at >= before) continue;
    const auto done = purge_one(each.id, positions_.at(each.id));
    if (!done) return std::unexpected(done.error());
    forgotten += *done;
  }
  if (forgotten == 0) return forgotten;
  // What was said is to be gone from the disk and not only from the tables: out of the log, and its room given back.
  auto done = connection_->database->run("PRAGMA incremental_vacuum");
  if (done) done = connection_->checkpoint();
  if (!done) return give_up(done.error());
  return forgotten;
}

Outcome<ConferenceRecord> SqliteJournal::take_out(std::string_view conference) {
  if (auto open = ready(); !open) return std::unexpected(open.error());
  const auto position = find(conference);
  if (!position) return std::unexpected(position.error());
  ConferenceRecord record{.id = std::string(conference)};
  const auto done = connection_->select_snapshots.each(
      [&](Statement& row) -> Outcome<void> {
        auto decoded = decode_state(row.text(2));
        if (!decoded) return damaged(file_.path, conference, decoded.error().message);
        record.snapshots.push_back({std::move(*decoded), parse_origin(row.text(1))});
        return {};
      },
      position->key);
  if (!done) return give_up(done.error());
  const auto forgotten_ones = forgotten(*position);
  if (!forgotten_ones) return std::unexpected(forgotten_ones.error());
  auto first = *forgotten_ones;
  for (;;) {
    auto events = read(conference, first, kPart);
    if (!events) return std::unexpected(events.error());
    const bool end = events->size() < kPart;
    if (!events->empty()) first = events->back().sequence;
    std::move(events->begin(), events->end(), std::back_inserter(record.events));
    if (end) return record;
  }
}

Outcome<void> SqliteJournal::put_in(const ConferenceRecord& record) {
  if (auto open = ready(); !open) return open;
  if (find(record.id))
    return fail(FailureKind::refused, fmt::format("The conference {} is recorded already.", record.id));
  std::uint64_t last = record.snapshots.empty() ? 0 : record.snapshots.front().state.sequence;
  for (const auto& event : record.events) {
    if (event.sequence != last + 1)
      return fail(FailureKind::refused, fmt::format("Event {} of the conference {} is missing.", last + 1, record.id));
    last = event.sequence;
  }
  for (const auto& snapshot : record.snapshots)
    if (snapshot.state.id != record.id || snapshot.state.sequence > last)
      return fail(FailureKind::refused,
                  fmt::format("A snapshot at event {} is none of the conference {}, which ends with event {}.",
                              snapshot.state.sequence, record.id, last));
  Positions changed;
  const auto done = transact([&]() -> Outcome<void> {
    const auto position = find_or_add(record.id, changed);
    if (!position) return std::unexpected(position.error());
    for (const auto& snapshot : record.snapshots)
      if (auto inserted = insert(*position, snapshot); !inserted) return inserted;
    for (const auto& event : record.events)
      if (auto inserted = insert(*position, event); !inserted) return inserted;
    changed[record.id].last = last;
    return {};
  });
  if (!done) return done;
  for (auto& [id, position] : changed) positions_[id] = position;
  return {};
}

}  // namespace bridgehall::storage

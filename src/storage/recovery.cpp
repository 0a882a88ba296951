#include "storage/recovery.h"

#include <utility>

namespace bridgehall::storage {
namespace {

// So that a server that is killed again and again, before its recorder has any written, does not have more to read each
// time. Only for speed: where the disk is full it is left out.
Outcome<void> shorten_next_start(Journal& journal, const conference::State& state) {
  const auto since = journal.events_since_snapshot(state.id);
  if (!since) return std::unexpected(since.error());
  if (*since > 0) static_cast<void>(journal.write_snapshot(state, Origin::events));
  return {};
}

}  // namespace

Outcome<std::vector<conference::Recovered>> load_conferences(Journal& journal,
                                                             std::span<const conference::Roster> rosters) {
  std::vector<conference::Recovered> conferences;
  for (const auto& roster : rosters) {
    auto recorded = journal.load(roster.id);
    if (!recorded) return std::unexpected(recorded.error());
    if (*recorded)
      if (auto shortened = shorten_next_start(journal, **recorded); !shortened)
        return std::unexpected(shortened.error());
    auto state = *recorded ? **recorded : conference::initial_state(roster);
    conference::follow_roster(state, roster);
    if (!*recorded || state != **recorded)
      if (auto given = journal.write_snapshot(state, Origin::given); !given) return std::unexpected(given.error());
    if (!*recorded) continue;
    auto recent = journal.read_latest(roster.id, conference::EventLog::kCapacity);
    if (!recent) return std::unexpected(recent.error());
    // As it was recorded: whoever takes it over has to see that the roster says something else by now.
    conferences.push_back({std::move(**recorded), std::move(*recent)});
  }
  return conferences;
}

}  // namespace bridgehall::storage

// What the record has of the conferences when a server starts, and what the rosters say beside it.
#pragma once

#include <span>
#include <vector>

#include "conference/host.h"
#include "storage/journal.h"

namespace bridgehall::storage {

// Of each conference that goes on, its state and what pages may have missed. What the rosters say and no event does (a
// conference that begins, other titles, names and roles) is written down, so that what is recorded next builds on it.
Outcome<std::vector<conference::Recovered>> load_conferences(Journal& journal,
                                                             std::span<const conference::Roster> rosters);

}  // namespace bridgehall::storage

// Rosters as files: <data>/conferences/<id>.json, with the secrets of the links in them, so readable by us only.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"
#include "conference/roster.h"

namespace bridgehall::app {

// A conference without a file has nobody invited: tokens alone let people in.
Result<conference::Roster> load_roster(const std::string& data_folder, const std::string& conference);
// Whole or not at all, and on the disk when it returns.
Result<void> save_roster(const std::string& data_folder, const conference::Roster& roster);

// The demo's conference as it is kept in the folder; made there when it is not.
Result<conference::Roster> open_demo_roster(const std::string& data_folder, RandomSource& random);

}  // namespace bridgehall::app

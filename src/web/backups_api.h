// POST /api/backups: a copy of the record, the rosters and the key, made while the server runs. Administrators only.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "web/message.h"

namespace bridgehall::web {

// Called on the control thread when the copy is made: its folder, or what went wrong as a sentence.
using BackupDone = std::function<void(Result<std::string> folder)>;
// Begins a backup and does not wait for it. False: another one is being made.
using BackUp = std::function<bool(BackupDone done)>;

Response backup_response(const Result<std::string>& folder);

}  // namespace bridgehall::web

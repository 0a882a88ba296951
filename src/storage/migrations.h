// How the record's file came to its present tables: numbered steps of SQL, each carried out once in a transaction of
// its own and noted in the file with its SHA-256. What was released is never changed; a change is another step.
#pragma once

#include <span>
#include <string_view>

#include "storage/database.h"

namespace bridgehall::storage {

struct Migration {
  int number = 0;  // from 1 on, without gaps
  std::string_view name;
  std::string_view sql;
};

// Those of this program.
std::span<const Migration> migrations();

// Brings the file up to the last of `steps`. Refuses, in words and without writing, a file that is another program's,
// one written by a newer Bridgehall, and one whose steps were others than these.
Outcome<void> migrate(Database& database, std::span<const Migration> steps);

}  // namespace bridgehall::storage

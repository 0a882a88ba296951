// Why the record could not be read or written. The kind is for programs, the sentence for the technician who has to do
// something about it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "conference/journal.h"

namespace bridgehall::storage {

enum class FailureKind : std::uint8_t {
  disk_full,
  read_only,
  disk_error,     // the disk, or what stands between it and us, did not do what was asked
  in_use,         // another process has the file
  damaged,        // what is there cannot have been written like this by us
  newer_version,  // a newer Bridgehall has written the file
  missing,        // no such file, or no such conference
  refused,        // what was asked for makes no sense: a programming error, or somebody's input
};

struct Failure {
  FailureKind kind{};
  std::string message;  // a whole sentence
};

template <class T>
using Outcome = Result<T, Failure>;

// As those who lead are told.
constexpr conference::RecordTrouble trouble_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::disk_full:
      return conference::RecordTrouble::disk_full;
    case FailureKind::read_only:
      return conference::RecordTrouble::read_only;
    default:
      return conference::RecordTrouble::failed;
  }
}

inline std::unexpected<Failure> fail(FailureKind kind, std::string message) {
  return std::unexpected(Failure{kind, std::move(message)});
}

}  // namespace bridgehall::storage

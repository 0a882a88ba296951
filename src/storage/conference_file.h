// One conference as a JSON file, for taking it to another server or for reading it with other programs:
// {"format":"bridgehall-conference","version":1,"id":"demo","snapshots":[…],"events":[…]}. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/journal.h"

namespace bridgehall::storage {

// Some 1.5 million events; while it is read it takes several times its size of memory.
inline constexpr std::size_t kMaxConferenceFile = std::size_t{256} << 20;

std::string encode_conference(const ConferenceRecord& record);
// The error is a whole sentence. That the events follow each other is for Journal::put_in() to see.
Result<ConferenceRecord> decode_conference(std::string_view text);

}  // namespace bridgehall::storage

// What a diagnosis of the server consists of, and how it is answered. The findings themselves are made by the program
// (app/doctor), which may look at the machine; the control plane adds what only a running server knows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "media/api.h"
#include "web/message.h"

namespace bridgehall::web {

enum class Level : std::uint8_t { ok, attention, problem };
std::string_view level_name(Level level);

struct Finding {
  Level level = Level::ok;
  std::string code;                                         // "port.taken": pages have words for it in each language
  std::vector<std::pair<std::string, std::string>> values;  // what the words' placeholders stand for
  std::string sentence;                                     // the same in English
};

struct LiveFacts {
  const media::ShardCounters* shard = nullptr;  // null: the media core did not answer in time
  std::uint64_t sessions_connected = 0;         // since the start
  std::uint64_t sessions_never_heard = 0;       // ended without a single check from the client
  std::uint64_t sessions_never_connected = 0;   // ended after checks came, without a connection
};

// Asked on the control thread: it must not wait for anything.
using Diagnose = std::function<std::vector<Finding>(const LiveFacts&)>;

// {"findings": [{"level": …, "code": …, "values": {…}, "sentence": …}]}
std::string diagnosis_json(const std::vector<Finding>& findings);
Response diagnosis_response(const std::vector<Finding>& findings);

}  // namespace bridgehall::web

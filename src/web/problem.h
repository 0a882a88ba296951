// Refusals as people and programs read them: application/problem+json (RFC 9457).
#pragma once

#include <string>
#include <string_view>

#include "web/message.h"

namespace bridgehall::web {

// The reason phrase of a status that we send (RFC 9110 section 15).
std::string_view reason_phrase(unsigned status);

struct Problem {
  unsigned status = 400;
  std::string_view kind;  // last part of the type's URN, in words-with-hyphens: stable, for programs
  std::string detail;     // a whole sentence, for people
  std::string field;      // which header, member or SDP line is wrong; may be empty
};

Response make_problem(const Problem& problem);

// What was asked for cannot be written down at the moment, as a sentence and as an answer. `closed`: it has taken
// effect all the same.
std::string_view not_recorded_sentence(bool closed);
Response make_not_recorded(bool closed);

}  // namespace bridgehall::web

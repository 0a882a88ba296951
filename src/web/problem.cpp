#include "web/problem.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bridgehall::web {

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

Response make_problem(const Problem& problem) {
  nlohmann::ordered_json body{{"type", fmt::format("urn:bridgehall:problem:{}", problem.kind)},
                              {"title", reason_phrase(problem.status)},
                              {"status", problem.status},
                              {"detail", problem.detail}};
  if (!problem.field.empty()) body["field"] = problem.field;
  Response response;
  response.status = problem.status;
  response.headers.add("Content-Type", "application/problem+json");
  response.headers.add("Cache-Control", "no-store");
  // What a client sent may be quoted in the sentence: bytes that are not UTF-8 are shown as U+FFFD.
  response.body = body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

std::string_view not_recorded_sentence(bool closed) {
  return closed ? "This took effect, but the server could not write it down."
                : "The server cannot write anything down at the moment; this was not done.";
}

Response make_not_recorded(bool closed) {
  auto response = make_problem(
      {503, closed ? "closed-not-recorded" : "not-recorded", std::string(not_recorded_sentence(closed)), {}});
  response.headers.add("Retry-After", "5");
  return response;
}

}  // namespace bridgehall::web

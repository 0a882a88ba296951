#include "web/response_head.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "web/problem.h"

namespace bridgehall::web {

std::string write_response_head(const Response& response, bool keep_alive, std::chrono::system_clock::time_point now) {
  // RFC 9110 section 5.6.7: the names of days and months are English, whatever the locale.
  auto head = fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", response.status,
                          reason_phrase(response.status), fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (response.status != 204 && response.status != 304)
    head += fmt::format("Content-Length: {}\r\n", response.content().size());
  if (!keep_alive) head += "Connection: close\r\n";
  return head + "\r\n";
}

}  // namespace bridgehall::web

// The head of a response as it goes over the wire.
#pragma once

#include <chrono>
#include <string>

#include "web/message.h"

namespace bridgehall::web {

// With Date, Content-Length where the status has content, and "Connection: close" unless it stays open.
std::string write_response_head(const Response& response, bool keep_alive, std::chrono::system_clock::time_point now);

}  // namespace bridgehall::web

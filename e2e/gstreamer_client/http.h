// The HTTP of WHIP (RFC 9725) and WHEP, as far as a client needs it. Blocking; a request lasts 10 seconds at most.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace bridgehall::gstreamer_client {

struct Session {
  std::string address;  // what DELETE goes to
  std::string answer;   // SDP
};

// Posts the offer. As long as the answer is 409 or 503 with Retry-After (nobody publishes there yet; the server is
// full), asks again after as many seconds, until `patience` has passed; nothing when asked to end before.
std::optional<Session> post_offer(const std::string& endpoint, const std::string& token, const std::string& offer,
                                  std::chrono::seconds patience);
void end_session(const Session& session, const std::string& token);

}  // namespace bridgehall::gstreamer_client

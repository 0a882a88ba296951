// The HTTP that WHIP and WHEP need of a client (libcurl, blocking, one connection kept open): for the generator's joins
// and leaves, and for commands that ask a running server.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace bridgehall::load {

struct HttpAnswer {
  long status = 0;
  std::string location;
  std::string body;
};

class HttpClient {
 public:
  static constexpr std::size_t kMaxBody = 256 * 1024;

  // `base`: "http://127.0.0.1:8080"; `token` goes out as a bearer token.
  HttpClient(std::string base, std::string token);
  ~HttpClient();

  Result<HttpAnswer> post_offer(const std::string& path, const std::string& offer);
  // Without a body; whoever answers may take ten minutes.
  Result<HttpAnswer> post(const std::string& path);
  Result<HttpAnswer> remove(const std::string& location);

 private:
  struct State;
  std::string url_of(const std::string& location) const;

  std::string base_;
  std::unique_ptr<State> state_;
};

}  // namespace bridgehall::load

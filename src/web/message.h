// An HTTP request and its response as plain values, so that everything but the sockets is tested without them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"

namespace bridgehall::web {

// Field names are compared without regard to case (RFC 9110 section 5.1).
bool equal_ignoring_case(std::string_view a, std::string_view b);
// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // Replaces all fields of that name.
  void set(std::string_view name, std::string value);
  // The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method;  // as sent: methods are case-sensitive
  std::string target;  // origin form: path and perhaps a query
  Headers headers;
  std::string body;
  SocketAddress peer;
  bool secure = false;  // came over TLS
};

// What a request showed of who sent it. `refused`: a token or an invitation that is not valid; `refused_often`: one too
// many from that network.
enum class Caller : std::uint8_t { stranger, refused, refused_often, known };

struct Response {
  unsigned status = 200;
  Headers headers;
  std::string body;
  // When set, sent instead of `body`: a file of the client, shared by all who ask for it.
  std::shared_ptr<const std::string> file;
  Caller caller = Caller::stranger;  // for the owner of the connection; not sent

  std::string_view content() const { return file ? std::string_view(*file) : std::string_view(body); }
};

// The path of a request's target in decoded segments: "/whip/demo/site%2D1?x" is {"whip", "demo", "site-1"}. nullopt
// when it is not in origin form, a percent sign is not followed by two hex digits, or a decoded octet is a control
// character.
std::optional<std::vector<std::string>> split_path(std::string_view target);

// The media type of a Content-Type, without its parameters, in lower case.
std::string media_type(const Headers& headers);

}  // namespace bridgehall::web

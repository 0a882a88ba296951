#include "web/websocket_handshake.h"

#include <algorithm>

#include "web/problem.h"

namespace bridgehall::web {
namespace {

// A comma-separated list of tokens, perhaps over several fields (RFC 9110 section 5.6.1).
bool lists(const Headers& headers, std::string_view name, std::string_view token) {
  for (const auto& [field, value] : headers) {
    if (!equal_ignoring_case(field, name)) continue;
    for (std::string_view rest = value; true;) {
      const auto comma = rest.find(',');
      if (equal_ignoring_case(trimmed(rest.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

// 16 octets in base64: 22 digits and two equals signs.
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
         });
}

Response bad_handshake(std::string detail, std::string_view field) {
  return make_problem({400, "bad-handshake", std::move(detail), std::string(field)});
}

}  // namespace

std::optional<std::string> link_conference(const Request& request) {
  auto path = split_path(request.target);
  if (!path || path->size() != 4 || (*path)[0] != "api" || (*path)[1] != "conferences" || (*path)[3] != "signalling")
    return std::nullopt;
  return std::move((*path)[2]);
}

bool asks_for_websocket(const Request& request) { return lists(request.headers, "Upgrade", "websocket"); }

std::optional<Response> refuse_handshake(const Request& request) {
  const auto& headers = request.headers;
  if (request.method != "GET") return bad_handshake("A request for a WebSocket is a GET.", {});
  if (!lists(headers, "Connection", "Upgrade"))
    return bad_handshake("A request for a WebSocket says Connection: Upgrade.", "Connection");
  if (trimmed(headers.find("Sec-WebSocket-Version").value_or("")) != "13") {
    auto response = make_problem(
        {426, "websocket-version", "Only version 13 of WebSocket is spoken here.", "Sec-WebSocket-Version"});
    response.headers.add("Sec-WebSocket-Version", "13");
    return response;
  }
  if (!is_key(trimmed(headers.find("Sec-WebSocket-Key").value_or(""))))
    return bad_handshake("A request for a WebSocket has a key of 16 octets in base64.", "Sec-WebSocket-Key");
  if (!request.body.empty()) return bad_handshake("A request for a WebSocket has no body.", "Content-Length");
  return std::nullopt;
}

Response make_upgrade_required() {
  auto response = make_problem({426, "websocket-only", "This address is for WebSockets (RFC 6455).", "Upgrade"});
  response.headers.add("Upgrade", "websocket");
  return response;
}

}  // namespace bridgehall::web

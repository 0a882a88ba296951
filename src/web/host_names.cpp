#include "web/host_names.h"

#include <algorithm>

#include <fmt/format.h>

namespace bridgehall::web {
namespace {

std::string_view port_of(std::string_view host) { return host.substr(host_name(host).size()); }

bool is_port(std::string_view text) {
  return text.size() > 1 && text.size() <= 6 && text[0] == ':' &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
  return host.substr(0, host.find(':'));
}

bool is_own_name(std::string_view name, std::span<const std::string> names) {
  const auto is_name = [&](std::string_view known) { return equal_ignoring_case(name, known); };
  return is_name("localhost") || is_name("127.0.0.1") || is_name("[::1]") ||
         std::any_of(names.begin(), names.end(), is_name);
}

bool is_address(std::string_view name) {
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return IpAddress::parse(name).has_value();
}

std::optional<Response> redirect_to_https(const Request& request, const SocketAddress& local,
                                          std::span<const std::string> names) {
  const auto host = trimmed(request.headers.find("Host").value_or(""));
  const auto name = host_name(host);
  const bool own = is_own_name(name, names);
  if (own && request.peer.ip.is_loopback()) return std::nullopt;
  std::string place = local.to_string();  // never somewhere that the request alone names
  if (own || is_address(name))
    place = is_port(port_of(host)) ? std::string(host) : fmt::format("{}:{}", name, local.port);
  Response response{.status = 308};
  response.headers.add("Location", fmt::format("https://{}{}", place, request.target));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace bridgehall::web

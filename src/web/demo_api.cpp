#include "web/demo_api.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "web/host_names.h"
#include "web/json_response.h"
#include "web/problem.h"

namespace bridgehall::web {
namespace {

using Json = nlohmann::ordered_json;

// By itself, and under its own name: a proxy on this machine is asked by others.
bool is_from_this_machine(const Request& request) {
  constexpr std::array<std::string_view, 3> kProxied{"Forwarded", "X-Forwarded-For", "Via"};
  return request.peer.ip.is_loopback() &&
         is_own_name(host_name(trimmed(request.headers.find("Host").value_or(""))), {}) &&
         std::none_of(kProxied.begin(), kProxied.end(), [&](auto name) { return request.headers.find(name); });
}

}  // namespace

std::string link_fragment(const conference::InvitedSeat& seat) {
  return fmt::format("#invitation={}{}", seat.invitation, seat.role == conference::Role::viewer ? "&view=wall" : "");
}

Response demo_links(const conference::Roster* demo, const Request& request) {
  if (!demo || !is_from_this_machine(request))
    return make_problem({404, "not-found", "There is nothing at this address.", {}});
  auto links = Json::array();
  for (const auto& seat : demo->seats)
    if (!seat.invitation.empty())
      links.push_back({{"seat", seat.id},
                       {"name", seat.name},
                       {"role", conference::role_name(seat.role)},
                       {"fragment", link_fragment(seat)}});
  auto response =
      json_response({{"conference", {{"id", demo->id}, {"title", demo->title}}}, {"links", std::move(links)}});
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

}  // namespace bridgehall::web

#include "web/invitations_api.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "web/json_response.h"
#include "web/problem.h"

namespace bridgehall::web {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Response exchange_invitation(const conference::Host& host, const crypto::TokenKey& key, const Request& request,
                             const Instant& now) {
  if (media_type(request.headers) != "application/json")
    return make_problem({415, "content-type", "The body has to be application/json.", "Content-Type"});
  const auto body = Json::parse(request.body, nullptr, false);
  if (!body.is_object()) return make_problem({400, "json-malformed", "The body is not a JSON object.", {}});
  const auto found = body.find("invitation");
  if (found == body.end() || !found->is_string())
    return make_problem({400, "wrong-type", "Say {\"invitation\": \"…\"} with what the link carries.", "invitation"});
  const auto invited = host.find_invitation(found->get_ref<const std::string&>());
  if (!invited || !invited->seat)
    return make_problem({404, "unknown-invitation",
                         "This invitation is not known here, or it was renewed: ask for the new link.", "invitation"});
  const auto issued = unix_time(now);
  const auto& seat = *invited->seat;
  return json_response({{"token", key.sign({.conference = invited->conference,
                                            .role = std::string(conference::role_name(seat.role)),
                                            .subject = seat.id,
                                            .name = seat.name,
                                            .serial = seat.serial,
                                            .issued_at = issued,
                                            .expires_at = issued + kInvitationTokenLife})},
                        {"expires_in", std::chrono::seconds(kInvitationTokenLife).count()},
                        {"conference", invited->conference},
                        {"title", host.state(invited->conference)->title},
                        {"seat", seat.id},
                        {"name", seat.name},
                        {"role", conference::role_name(seat.role)}});
}

Response renew_invitation(conference::Host& host, const std::string& conference, const std::string& seat,
                          const Identity& identity, const SaveRoster& save, const Instant& now) {
  if (!host.state(conference))
    return make_problem(
        {404, "unknown-conference", fmt::format("There is no conference {} here.", conference), "conference"});
  if (identity.conference != conference)
    return make_problem({403, "other-conference", "The token is for another conference.", "Authorization"});
  if (identity.principal.role != conference::Role::moderator)
    return make_problem({403, "may-not-invite", "Only a moderator renews invitations.", "Authorization"});
  auto renewed = host.renewed_roster(conference, seat);
  if (!renewed)
    return make_problem({404, "unknown-seat", fmt::format("There is no invited seat {} here.", seat), "seat"});
  // Written down first: a link that was taken back must stay so after a restart.
  if (const auto saved = save ? save(*renewed) : Result<void>{}; !saved) {
    spdlog::error("the roster of {} cannot be written: {}", conference, saved.error().message);
    return make_problem(
        {500, "not-saved", "The new invitation could not be written down; the old one still holds.", {}});
  }
  host.replace_roster(std::move(*renewed), seat, now);
  return json_response({{"seat", seat}, {"invitation", host.find_seat(conference, seat)->invitation}}, 201);
}

}  // namespace bridgehall::web

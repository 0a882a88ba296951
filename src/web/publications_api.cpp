#include "web/publications_api.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "web/json_response.h"
#include "web/problem.h"

namespace bridgehall::web {
namespace {

using Json = nlohmann::ordered_json;

std::string_view codec_name(wire::Codec codec) {
  switch (codec) {
    case wire::Codec::opus:
      return "opus";
    case wire::Codec::vp8:
      return "VP8";
    case wire::Codec::vp9:
      return "VP9";
    case wire::Codec::h264:
      return "H264";
    case wire::Codec::av1:
      return "AV1";
  }
  return "unknown";
}

Json to_json(const std::string& name, const conference::Publication& publication) {
  auto tracks = Json::array();
  for (const auto& track : publication.tracks) {
    if (!track.sent) continue;
    tracks.push_back({{"kind", track.kind() == wire::MediaKind::audio ? "audio" : "video"},
                      {"codec", codec_name(track.codec)},
                      {"open", track.open}});
  }
  return {{"name", name},
          {"open", publication.open()},
          {"live", publication.sender.has_value()},
          {"tracks", std::move(tracks)}};
}

// Who may look into this conference at all; nullopt: go on.
std::optional<Response> refuse_stranger(const conference::Directory& directory, const std::string& conference,
                                        const Identity& identity) {
  if (!directory.has_conference(conference))
    return make_problem(
        {404, "unknown-conference", fmt::format("There is no conference {} here.", conference), "conference"});
  if (identity.conference != conference)
    return make_problem({403, "other-conference", "The token is for another conference.", "Authorization"});
  return std::nullopt;
}

Response unknown_publication(const std::string& publication) {
  return make_problem({404, "unknown-publication",
                       fmt::format("There is no publication {} in this conference.", publication), "publication"});
}

// What {"open": …} asks for, of a publication that there is, by somebody who may.
std::expected<bool, Response> read_change(const conference::Directory& directory, const std::string& conference,
                                          const std::string& publication, const Request& request,
                                          const Identity& identity) {
  if (auto refusal = refuse_stranger(directory, conference, identity)) return std::unexpected(std::move(*refusal));
  if (!conference::may_set_gate(identity.principal.role))
    return std::unexpected(
        make_problem({403, "may-not-open", "Only a moderator opens and closes publications.", "Authorization"}));
  const auto type = media_type(request.headers);
  if (type != "application/json" && type != "application/merge-patch+json") {
    auto response = make_problem({415, "content-type", "The body has to be application/json.", "Content-Type"});
    response.headers.add("Accept-Patch", "application/json");
    return std::unexpected(std::move(response));
  }
  const auto change = Json::parse(request.body, nullptr, false);
  if (!change.is_object())
    return std::unexpected(make_problem({400, "json-malformed", "The body is not a JSON object.", {}}));
  for (const auto& [member, value] : change.items()) {
    if (member != "open")
      return std::unexpected(make_problem(
          {400, "unknown-member", fmt::format("A publication has no member {} that can be changed.", member), member}));
    if (!value.is_boolean())
      return std::unexpected(make_problem({400, "wrong-type", "open has to be true or false.", "open"}));
  }
  if (!change.contains("open"))
    return std::unexpected(
        make_problem({400, "nothing-to-change", "Say {\"open\": true} or {\"open\": false}.", "open"}));
  const auto* published = directory.publication(conference, publication);
  if (!published || published->tracks.empty()) return std::unexpected(unknown_publication(publication));
  return change["open"].get<bool>();
}

}  // namespace

Response list_publications(const conference::Directory& directory, const std::string& conference,
                           const Identity& identity) {
  if (auto refusal = refuse_stranger(directory, conference, identity)) return std::move(*refusal);
  auto list = Json::array();
  for (const auto& [name, publication] : *directory.publications(conference))
    if (!publication.tracks.empty()) list.push_back(to_json(name, publication));
  return json_response({{"publications", std::move(list)}});
}

std::expected<conference::Accepted, Response> change_publication(conference::Host& host, const std::string& conference,
                                                                 const std::string& publication, const Request& request,
                                                                 const Identity& identity, const Instant& now) {
  auto open = read_change(host.directory(), conference, publication, request, identity);
  if (!open) return std::unexpected(std::move(open.error()));
  const auto changed = host.set_open(conference, publication, *open, now);
  if (changed) return *changed;
  if (changed.error().code == conference::RefusalCode::not_recorded) return std::unexpected(make_not_recorded(false));
  return std::unexpected(make_problem({409, "not-possible", changed.error().message, changed.error().field}));
}

Response show_publication(const conference::Directory& directory, const std::string& conference,
                          const std::string& publication) {
  const auto* published = directory.publication(conference, publication);
  return published ? json_response(to_json(publication, *published)) : unknown_publication(publication);
}

}  // namespace bridgehall::web

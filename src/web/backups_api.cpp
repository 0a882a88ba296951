#include "web/backups_api.h"

#include <nlohmann/json.hpp>

#include "web/problem.h"

namespace bridgehall::web {

Response backup_response(const Result<std::string>& folder) {
  if (!folder) return make_problem({500, "not-backed-up", folder.error().message, {}});
  Response response{.status = 201};
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  using Json = nlohmann::json;
  response.body = Json{{"folder", *folder}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return response;
}

}  // namespace bridgehall::web

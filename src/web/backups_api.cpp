#include "web/backups_api.h"

#include <nlohmann/json.hpp>

#include "web/json_response.h"
#include "web/problem.h"

namespace bridgehall::web {

Response backup_response(const Result<std::string>& folder) {
  if (!folder) return make_problem({500, "not-backed-up", folder.error().message, {}});
  return json_response({{"folder", *folder}}, 201);
}

}  // namespace bridgehall::web

#include "web/json_response.h"

#include <nlohmann/json.hpp>

namespace bridgehall::web {

Response json_response(const nlohmann::ordered_json& body, unsigned status) {
  Response response{.status = status};
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  return response;
}

}  // namespace bridgehall::web

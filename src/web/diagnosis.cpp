#include "web/diagnosis.h"

#include <nlohmann/json.hpp>

namespace bridgehall::web {

std::string_view level_name(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::attention:
      return "attention";
    case Level::problem:
      break;
  }
  return "problem";
}

std::string diagnosis_json(const std::vector<Finding>& findings) {
  using Json = nlohmann::ordered_json;
  auto list = Json::array();
  for (const auto& finding : findings) {
    auto values = Json::object();
    for (const auto& [name, value] : finding.values) values[name] = value;
    list.push_back({{"level", level_name(finding.level)},
                    {"code", finding.code},
                    {"values", std::move(values)},
                    {"sentence", finding.sentence}});
  }
  // Values come from files and the system: what is no UTF-8 is replaced.
  return Json{{"findings", std::move(list)}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Response diagnosis_response(const std::vector<Finding>& findings) {
  Response response;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = diagnosis_json(findings);
  return response;
}

}  // namespace bridgehall::web

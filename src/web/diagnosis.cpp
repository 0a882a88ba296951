#include "web/diagnosis.h"

#include <nlohmann/json.hpp>

#include "web/json_response.h"

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

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::vector<Finding>& findings) {
  auto list = Json::array();
  for (const auto& finding : findings) {
    auto values = Json::object();
    for (const auto& [name, value] : finding.values) values[name] = value;
    list.push_back({{"level", level_name(finding.level)},
                    {"code", finding.code},
                    {"values", std::move(values)},
                    {"sentence", finding.sentence}});
  }
  return {{"findings", std::move(list)}};
}

}  // namespace

std::string diagnosis_json(const std::vector<Finding>& findings) { return diagnosis_response(findings).body; }

Response diagnosis_response(const std::vector<Finding>& findings) { return json_response(to_json(findings)); }

}  // namespace bridgehall::web

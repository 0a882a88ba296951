// The English words of every finding, by code: what the command line prints. The web client has the same codes in four
// languages, and a test of its own that its English is this.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "web/diagnosis.h"

namespace bridgehall::app::doctor {

using web::Finding;
using web::Level;
using Findings = std::vector<Finding>;
using Values = std::vector<std::pair<std::string, std::string>>;

struct Words {
  std::string_view code;
  std::string_view text;  // with {placeholders}
};
std::span<const Words> words();

// With its sentence. A code without words, or a placeholder without a value, is a bug.
Finding make_finding(Level level, std::string_view code, Values values = {});

}  // namespace bridgehall::app::doctor

// Whether a time zone is one, for the names in rosters: held against the zone data of the system, as this compiler's
// library brings none.
#pragma once

#include <string>
#include <string_view>

namespace bridgehall::app {

inline constexpr std::size_t kMaxTimeZone = 64;  // as much as the signalling messages hold

// As the time zone database names it: "Asia/Ho_Chi_Minh". On a system without zone data whatever is written like one
// is taken for one.
bool is_time_zone(std::string_view name, const std::string& zone_folder = "/usr/share/zoneinfo");

}  // namespace bridgehall::app

#include "app/doctor/rosters.h"

#include "app/roster_file.h"

namespace bridgehall::app::doctor {

std::vector<RosterFacts> gather_rosters(const Configuration& c) {
  std::vector<RosterFacts> facts;
  for (const auto& id : c.conferences) {
    const auto roster = load_roster(c.data_folder, id);
    facts.push_back({id, roster ? roster->seats.size() : 0, roster ? std::string() : roster.error().message});
  }
  return facts;
}

Findings check_rosters(const std::vector<RosterFacts>& facts) {
  Findings findings;
  for (const auto& each : facts)
    findings.push_back(
        each.mistake.empty()
            ? make_finding(Level::ok, "roster.ok",
                           {{"conference", each.conference}, {"seats", std::to_string(each.seats)}})
            : make_finding(Level::problem, "roster.bad", {{"conference", each.conference}, {"reason", each.mistake}}));
  return findings;
}

}  // namespace bridgehall::app::doctor

#include "app/doctor/examination.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/doctor/addresses.h"
#include "app/doctor/buffers.h"
#include "app/doctor/certificate.h"
#include "app/doctor/clock.h"
#include "app/doctor/descriptors.h"
#include "app/doctor/offload.h"
#include "app/doctor/ports.h"
#include "app/doctor/processor.h"
#include "app/doctor/rosters.h"
#include "app/doctor/storage.h"
#include "app/doctor/turn.h"

namespace bridgehall::app::doctor {

Findings examine(const Configuration& c, Bystander bystander) {
  Findings all;
  const auto add = [&](Findings&& found) { std::move(found.begin(), found.end(), std::back_inserter(all)); };
  add(check_ports(gather_ports(c, bystander)));
  add(check_addresses(gather_addresses(c)));
  const auto clock = gather_clock(c);
  add(check_certificate(gather_certificate(c), clock.now));
  add(check_clock(clock));
  add(check_turn(gather_turn(c)));
  add(check_buffers(gather_buffers(c)));
  add(check_offload(gather_offload()));
  add(check_processor(gather_processor(c)));
  add(check_descriptors(gather_descriptors(c)));
  add(check_storage(gather_storage(c)));
  add(check_rosters(gather_rosters(c)));
  return all;
}

std::string to_text(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings)
    text += fmt::format("{:<10} {}\n", web::level_name(finding.level), finding.sentence);
  return text;
}

bool has_problem(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const auto& each) { return each.level == Level::problem; });
}

}  // namespace bridgehall::app::doctor

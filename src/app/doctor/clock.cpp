#include "app/doctor/clock.h"

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/timex.h>

namespace bridgehall::app::doctor {
namespace {

using std::chrono::seconds;

// A file written a moment ago by another machine's clock is no sign of a wrong one here.
constexpr seconds kTolerance{120};

std::chrono::sys_seconds written(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  return std::chrono::sys_seconds{seconds{status.st_mtime}};
}

}  // namespace

ClockFacts gather_clock(const Configuration& configuration) {
  timex state{};
  const int status = adjtimex(&state);
  return {.now = std::chrono::floor<seconds>(std::chrono::system_clock::now()),
          .not_before = std::max(written("/proc/self/exe"), written(configuration.data_folder + "/signing.key")),
          .synchronised = status >= 0 && status != TIME_ERROR && (state.status & STA_UNSYNC) == 0};
}

Findings check_clock(const ClockFacts& facts) {
  Findings findings;
  if (facts.now + kTolerance < facts.not_before)
    findings.push_back(make_finding(
        Level::problem, "clock.wrong",
        {{"time", fmt::format("{:%Y-%m-%d %H:%M} UTC",
                              fmt::gmtime(static_cast<std::time_t>(facts.now.time_since_epoch().count())))}}));
  findings.push_back(facts.synchronised ? make_finding(Level::ok, "clock.synchronised")
                                        : make_finding(Level::attention, "clock.free"));
  return findings;
}

}  // namespace bridgehall::app::doctor

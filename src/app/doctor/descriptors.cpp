#include "app/doctor/descriptors.h"

#include <string>

#include <sys/resource.h>

namespace bridgehall::app::doctor {
namespace {

// Sockets, timers and event descriptors of the threads, log, files that are read and written now and then.
constexpr std::uint64_t kOwn = 128;

}  // namespace

DescriptorFacts gather_descriptors(const Configuration& c) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return {.limit = limit.rlim_cur,
          .needed =
              kOwn + static_cast<std::uint64_t>(c.http_max_connections) + static_cast<std::uint64_t>(c.http_max_links)};
}

Findings check_descriptors(const DescriptorFacts& facts) {
  const Values values{{"limit", std::to_string(facts.limit)}, {"needed", std::to_string(facts.needed)}};
  return {facts.limit < facts.needed ? make_finding(Level::attention, "descriptors.low", values)
                                     : make_finding(Level::ok, "descriptors.ok", values)};
}

}  // namespace bridgehall::app::doctor

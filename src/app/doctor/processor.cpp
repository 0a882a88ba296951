#include "app/doctor/processor.h"

#include <fstream>

#include <fmt/format.h>
#include <sched.h>

namespace bridgehall::app::doctor {
namespace {

bool has(const std::string& flags, std::string_view flag) {
  return fmt::format(" {} ", flags).find(fmt::format(" {} ", flag)) != std::string::npos;
}

void append(std::string& list, std::string_view name) {
  list += list.empty() ? std::string(name) : fmt::format(", {}", name);
}

}  // namespace

ProcessorFacts gather_processor(const Configuration& c) {
  ProcessorFacts facts;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) facts.count = static_cast<std::size_t>(CPU_COUNT(&allowed));
  if (c.media_shards > 0) facts.count = static_cast<std::size_t>(c.media_shards);
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("flags")) continue;
    facts.flags = line.substr(std::min(line.find(':') + 1, line.size()));
    break;
  }
  return facts;
}

// intel-ipsec-mb's AES-GCM wants AES and carry-less multiplication; vectors make it several times as fast.
Findings check_processor(const ProcessorFacts& facts) {
  constexpr std::pair<const char*, const char*> kNeeded[] = {
      {"aes", "AES-NI"}, {"pclmulqdq", "PCLMULQDQ"}, {"avx", "AVX"}};
  constexpr std::pair<const char*, const char*> kWelcome[] = {{"vaes", "VAES"}, {"avx512f", "AVX-512"}};
  std::string missing, features = "AES-NI";
  for (const auto& [flag, name] : kNeeded)
    if (!has(facts.flags, flag)) append(missing, name);
  for (const auto& [flag, name] : kWelcome)
    if (has(facts.flags, flag)) append(features, name);
  const auto count = std::to_string(facts.count);
  if (!missing.empty())
    return {make_finding(Level::attention, "processor.plain", {{"count", count}, {"missing", missing}})};
  return {make_finding(Level::ok, "processor.fast", {{"count", count}, {"features", features}})};
}

}  // namespace bridgehall::app::doctor

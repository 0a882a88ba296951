#include "load/process_usage.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace bridgehall::load {
namespace {

std::optional<Duration> read_cpu(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name in brackets may hold spaces; behind it come state and, as 12th and 13th, user and system time (proc(5)).
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(bracket + 1));
  std::string skipped;
  for (int i = 0; i < 12 - 1; ++i) fields >> skipped;
  std::int64_t user = 0, system = 0;
  fields >> skipped;
  fields >> user >> system;
  if (!fields) return std::nullopt;
  return Duration{(user + system) * (1'000'000'000 / sysconf(_SC_CLK_TCK))};
}

// Second field of each thread's schedstat (Documentation/scheduler/sched-stats.rst): nanoseconds on a run queue.
Duration read_waited(int pid) {
  Duration total{};
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    std::ifstream file(task.path() / "schedstat");
    std::int64_t ran = 0, waited = 0;
    if (file >> ran >> waited) total += Duration{waited};
  }
  return total;
}

std::uint64_t read_resident_kib(int pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string word; file >> word;)
    if (word == "VmRSS:") {
      std::uint64_t kib = 0;
      file >> kib;
      return kib;
    }
  return 0;
}

}  // namespace

std::optional<ProcessUsage> read_process_usage(int pid) {
  const auto cpu = read_cpu(pid);
  if (!cpu) return std::nullopt;
  return ProcessUsage{*cpu, read_waited(pid), read_resident_kib(pid)};
}

}  // namespace bridgehall::load

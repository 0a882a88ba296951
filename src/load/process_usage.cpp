#include "load/process_usage.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace bridgehall::load {
namespace {

// Each thread's schedstat (Documentation/scheduler/sched-stats.rst): nanoseconds on a CPU, nanoseconds on a run queue.
// /proc/<pid>/stat has the former too, in hundredths of a second.
std::optional<ProcessUsage> read_threads(int pid) {
  std::optional<ProcessUsage> usage;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    std::ifstream file(task.path() / "schedstat");
    std::int64_t ran = 0, waited = 0;
    if (!(file >> ran >> waited)) continue;
    if (!usage) usage.emplace();
    usage->cpu += Duration{ran};
    usage->waited += Duration{waited};
    ++usage->threads;
  }
  return usage;
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

int count_descriptors(int pid) {
  std::error_code error;
  int count = 0;
  for (std::filesystem::directory_iterator at(fmt::format("/proc/{}/fd", pid), error), end; !error && at != end;
       at.increment(error))
    ++count;
  return count;
}

}  // namespace

std::optional<ProcessUsage> read_process_usage(int pid) {
  auto usage = read_threads(pid);
  if (!usage) return std::nullopt;
  usage->resident_kib = read_resident_kib(pid);
  usage->descriptors = count_descriptors(pid);
  return usage;
}

ProcessUsage read_own_usage() { return read_process_usage(getpid()).value_or(ProcessUsage{}); }

}  // namespace bridgehall::load

#include "load/process_usage.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

namespace bridgehall::load {
namespace {

// The process's CPU clock: to the nanosecond, where /proc/<pid>/stat counts in hundredths of a second.
std::optional<Duration> read_cpu(int pid) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return std::nullopt;
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
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

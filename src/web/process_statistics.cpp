#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "web/metrics.h"

namespace bridgehall::web {
namespace {

// Field 22 of /proc/self/stat: start in clock ticks since boot (proc(5)).
double start_since_boot() {
  std::ifstream stat("/proc/self/stat");
  std::string line;
  std::getline(stat, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::size_t at = name_end + 1;
  for (int field = 3; field < 22 && at != std::string::npos; ++field) at = line.find(' ', at + 1);
  if (at == std::string::npos) return 0;
  return std::strtod(line.c_str() + at, nullptr) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double read_start_time() {
  timespec wall{}, since_boot{};
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return static_cast<double>(wall.tv_sec - since_boot.tv_sec) + start_since_boot();
}

}  // namespace

ProcessStatistics read_process_statistics() {
  static const double start_time = read_start_time();
  ProcessStatistics result;
  result.start_time_seconds = start_time;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  for (const auto& time : {usage.ru_utime, usage.ru_stime})
    result.cpu_seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0, resident_pages = 0;
  if (statm >> total_pages >> resident_pages)
    result.resident_bytes = resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error))
    ++result.open_descriptors;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) result.max_descriptors = limit.rlim_cur;
  return result;
}

}  // namespace bridgehall::web

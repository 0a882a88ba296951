#include "load/flood_process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/system_random.h"
#include "io/clock.h"
#include "load/pinning.h"

namespace bridgehall::load {
namespace {

volatile std::sig_atomic_t told_to_end = 0;

void end(int) { told_to_end = 1; }

// Never returns to the generator's code.
[[noreturn]] void flood_until_told(FloodKind kind, int rate, const FloodTarget& target, int cpu, int results) {
  crypto::SystemRandom random;
  if (cpu >= 0) pin_to_cpu(cpu);
  Flood flood(kind, rate, target, random);
  if (const auto opened = flood.open(); !opened) {
    fmt::print(stderr, "{}\n", opened.error().message);
    _exit(1);
  }
  while (told_to_end == 0) {
    flood.turn(io::read_clock());
    flood.wait(io::read_clock());
  }
  const auto& counts = flood.counts();
  _exit(write(results, &counts, sizeof counts) == sizeof counts ? 0 : 1);
}

}  // namespace

Result<FloodProcess> FloodProcess::start(FloodKind kind, int rate, const FloodTarget& target, int cpu) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail("A flood needs a pipe, and there are no descriptors left.");
  io::FileDescriptor reading(ends[0]), writing(ends[1]);
  const int parent = getpid();
  // From before the child begins, so that it is never killed by what tells it to end.
  const auto before = std::signal(SIGTERM, end);
  const int pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    flood_until_told(kind, rate, target, cpu, writing.get());
  }
  std::signal(SIGTERM, before);
  if (pid < 0) return fail("A flood needs a process of its own, and none can be made.");
  return FloodProcess(pid, std::move(reading));
}

FloodProcess::FloodProcess(FloodProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), results_(std::move(other.results_)) {}

FloodProcess::~FloodProcess() {
  if (pid_ > 0) stop();
}

std::optional<FloodCounts> FloodProcess::stop() {
  kill(pid_, SIGTERM);
  FloodCounts counts;
  ssize_t size = 0;
  do {
    size = read(results_.get(), &counts, sizeof counts);
  } while (size < 0 && errno == EINTR);
  const int pid = std::exchange(pid_, -1);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return size == sizeof counts ? std::optional{counts} : std::nullopt;
}

}  // namespace bridgehall::load

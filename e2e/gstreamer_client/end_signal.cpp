#include "end_signal.h"

#include <csignal>

#include <poll.h>
#include <unistd.h>

namespace bridgehall::gstreamer_client {
namespace {

volatile std::sig_atomic_t asked = 0;

void read_input(int wait_ms) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (poll(&input, 1, wait_ms) != 1) return;
  char ignored[256];
  if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) asked = 1;
}

}  // namespace

void watch_for_end() {
  struct sigaction action {};
  action.sa_handler = [](int) { asked = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

bool end_asked() {
  if (asked == 0) read_input(0);
  return asked != 0;
}

void pause_for(std::chrono::milliseconds time) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kStep{50};  // a signal may arrive between the look at it and the wait
  for (const auto until = Clock::now() + time; asked == 0 && Clock::now() < until;) read_input(kStep.count());
}

}  // namespace bridgehall::gstreamer_client

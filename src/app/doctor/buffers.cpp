#include "app/doctor/buffers.h"

#include <fstream>

#include <fmt/format.h>

namespace bridgehall::app::doctor {
namespace {

std::int64_t read_number(const char* path) {
  std::ifstream file(path);
  std::int64_t number = 0;
  return file >> number ? number : 0;
}

void check(Findings& findings, const char* key, std::int64_t wanted, std::int64_t most) {
  if (most == 0 || most >= wanted) return;
  findings.push_back(make_finding(Level::attention, "buffer.small",
                                  {{"given", std::to_string(most)},
                                   {"wanted", std::to_string(wanted)},
                                   {"line", fmt::format("\"{} = {}\"", key, wanted)}}));
}

}  // namespace

BufferFacts gather_buffers(const Configuration& c) {
  return {.receive_wanted = c.media_receive_buffer_bytes,
          .receive_most = read_number("/proc/sys/net/core/rmem_max"),
          .send_wanted = c.media_send_buffer_bytes,
          .send_most = read_number("/proc/sys/net/core/wmem_max")};
}

Findings check_buffers(const BufferFacts& facts) {
  Findings findings;
  check(findings, "net.core.rmem_max", facts.receive_wanted, facts.receive_most);
  check(findings, "net.core.wmem_max", facts.send_wanted, facts.send_most);
  if (findings.empty()) findings.push_back(make_finding(Level::ok, "buffer.ok"));
  return findings;
}

}  // namespace bridgehall::app::doctor

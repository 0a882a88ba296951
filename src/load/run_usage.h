// What a run of either load generator cost: the server's CPU and memory where its process may be read, the generator's
// own, and whether one of them was held up so that the run's figures are not the server's alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/time.h"
#include "load/process_usage.h"

namespace bridgehall::load {

struct RunUsage {
  double seconds = 0;  // measured
  std::optional<Duration> server_cpu;
  std::uint64_t server_kib_before = 0;  // resident, before those joined whose memory is to be known
  std::uint64_t server_kib = 0;         // resident, at the end of the measurement
  Duration server_waited{};             // ready to run while others had the CPU; as for the generator
  Duration generator_cpu{};
  Duration generator_waited{};
  std::uint64_t generator_drops = 0;  // datagrams that its own sockets had no room for
  std::uint64_t generator_send_errors = 0;

  std::optional<double> server_microseconds(std::uint64_t packets) const;  // per packet
  double generator_share() const;                                          // of one core
  // Above 90 % of its one core, or with drops of its own, the figures tell of the generator and not of the server.
  bool generator_was_limit() const { return generator_share() > 0.9 || generator_drops > 0; }
  // Others on the machine made either side wait for more than 1 % of the time: latencies tell of them.
  bool machine_was_busy() const;
};

// Reads both processes before and after.
class UsageMeter {
 public:
  // `server_pid`: 0 where the server's process is not to be read.
  explicit UsageMeter(int server_pid) : server_pid_(server_pid) {}

  std::optional<ProcessUsage> read_server() const;
  void note_memory_before(RunUsage& usage) const;
  // The totals so far of what the generator's sockets dropped and could not send.
  void begin(std::uint64_t drops);
  void end(double seconds, std::uint64_t drops, std::uint64_t send_errors, RunUsage& usage) const;

 private:
  int server_pid_;
  std::optional<ProcessUsage> server_before_;
  ProcessUsage own_before_;
  std::uint64_t drops_before_ = 0;
};

// Rows of the table: what the server used for so many packets, then the generator, then what spoils the figures.
std::string server_rows(const RunUsage& usage, std::uint64_t packets);
std::string generator_rows(const RunUsage& usage);

// Adds "server" (where it could be read), "machine_was_busy" and "generator".
void add_to_json(const RunUsage& usage, std::uint64_t packets, nlohmann::ordered_json& json);

}  // namespace bridgehall::load

// `bridgehall load conference`: a whole conference against a running server. Sites send simulcast and sound and
// receive, watchers only receive; a chair changes the stage, speakers take turns, and some come and go if asked to.
// What everyone gets is checked without decoding. One thread; each has a UDP socket and a WebSocket of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"
#include "load/long_run.h"

namespace bridgehall::load {

struct ConferenceOptions {
  std::string server = "http://127.0.0.1:8080";
  std::string conference = "demo";
  std::string recording;  // path
  int sites = 14;
  int watchers = 50;
  int slots = 9;  // tiles of each, as far as the server allows
  int speakers = 2;
  Duration speaker_change = 5s;
  Duration stage_change = 5s;  // 0: the stage stays as it is
  double churn = 0;            // joins and leaves a minute, of sites and watchers
  bool come_back = false;      // who is lost joins again by itself, as pages do
  int weak = 0;                // so many of the watchers have a narrow line
  int weak_kbps = 500;
  Duration duration = 20s;  // measured
  Duration warm_up = 5s;
  int joins_per_second = 20;
  int server_pid = 0;
  Duration sample_every{};  // 0: the run is not watched over time
  LongRunLimits limits;
  int cpu = -1;
  bool gro = true;
  std::string json_path;
  std::uint64_t seed = 1;
  // A token for that role and seat, signed as the server's are.
  std::function<std::string(std::string_view role, std::string_view subject)> token_for;
};

// Prints progress and the result to standard output. 0 when all joined, could be measured and, in a watched run, the
// server stayed the same; 1 otherwise (said on standard error or in the result).
int run_conference(const ConferenceOptions& options);

}  // namespace bridgehall::load

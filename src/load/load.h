// The load generator: publishers and viewers of our own, on the client side of the session code, against a running
// server. One thread, one UDP socket for each client (the server tells clients apart by address, as it would real
// ones). It prints what viewers got, what it cost the server, and whether the generator itself was the limit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/address.h"
#include "base/time.h"
#include "wire/sdp.h"

namespace bridgehall::load {

// Publications that one session can hold: picture and sound of each have an m-line.
inline constexpr std::size_t kMaxTogether = wire::kSdpMaxMedia / 2;

// How a publisher spreads a frame's packets in time: all at once, or by a pacer of 5 ms ticks at 2.5 times the rate as
// libwebrtc's.
enum class Pacing : std::uint8_t { frame, ticks };

struct LoadOptions {
  std::string server = "http://127.0.0.1:8080";
  std::string conference = "demo";
  std::string token;                        // of a moderator: publishes under any name, open at once
  std::string publication_prefix = "load";  // publications are load-0, load-1, …; viewers take them in turn
  int publishers = 1;                       // 0: viewers take what another run publishes, load-0
  int viewers = 200;
  bool together = false;  // every viewer receives all publications, in one session
  int kbps = 1500;        // of video, for each publisher
  bool audio = true;
  bool video = true;
  Duration duration = 20s;  // measured
  Duration warm_up = 3s;    // between the last join and the measurement
  Pacing pacing = Pacing::frame;
  int joins_per_second = 100;
  bool transport_cc = false;  // viewers tell when packets arrived, as browsers do
  double lose = 0;            // this share of the packets is lost on its way to each viewer
  // Viewers report so much less delay: a server that measures a round trip of next to nothing may do without what it
  // keeps for real lines, such as its store for retransmission.
  Duration feigned_round_trip{};
  // Offered as every client's host candidate, for servers that want one; ICE-lite ends as ours learn it from checks.
  std::optional<IpAddress> candidate;
  int server_pid = 0;  // 0: the server's CPU and memory are not read
  int cpu = -1;        // pin the generator here; -1 = leave it to the kernel
  bool gro = true;     // let the kernel join datagrams: cheaper for the generator, and less so for the server's peers
  int decrypt_every = 16;  // authenticate and decrypt every n-th packet; sequence numbers are checked on all
  std::string json_path;   // empty: no file
  std::uint64_t seed = 1;
};

// Prints progress and the result to standard output. 0 when all joined and could be measured, 1 otherwise (said on
// standard error).
int run_load(const LoadOptions& options);

}  // namespace bridgehall::load

// `bridgehall load`, `bridgehall load conference` and `bridgehall load flood`: their flags, and what is done with them.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "load/conference.h"
#include "load/flood_run.h"
#include "load/load.h"

namespace bridgehall::app {

class LoadCommand {
 public:
  // Adds the command to the program; this outlives the program's parsing.
  explicit LoadCommand(CLI::App& program);

  bool given() const { return command_->parsed(); }
  // The process's status.
  int run();

 private:
  void add_flags();
  void add_conference_flags();
  void add_flood_flags();
  int run_streams();
  int run_conference();
  int run_flood();

  struct Streams {
    load::LoadOptions options;
    std::string data;
    std::string duration = "20s";
    std::string warm_up = "3s";
    std::string pacing = "frame";
    int feigned_round_trip_ms = 0;
    std::string candidate;
  };
  struct Conference {
    load::ConferenceOptions options;
    std::string data;
    std::string duration = "20s";
    std::string warm_up = "5s";
    std::string speaker_change = "5s";
    std::string stage_change = "5s";
    std::string sample_every = "0";
    std::string settle = "10m";
  };

  struct Flood {
    load::FloodOptions options;
    std::string data;
    std::string duration = "10s";
    std::string warm_up = "3s";
    std::vector<std::string> kinds;
  };

  CLI::App* command_;
  CLI::App* conference_command_;
  CLI::App* flood_command_;
  Streams streams_;
  Conference conference_;
  Flood flood_;
};

}  // namespace bridgehall::app

// `bridgehall backup`, `restore`, `export`, `import`, `verify` and `purge`: what is done with a data folder's record
// while no server runs with it. Flags, and what is done with them.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "conference/state.h"

namespace bridgehall::app {

class RecordCommands {
 public:
  // Adds the commands to the program; this outlives the program's parsing.
  explicit RecordCommands(CLI::App& program);

  bool given() const;
  // The process's status. `now` is for the backup's date.
  int run(conference::WallTime now);

 private:
  CLI::App* add(CLI::App& program, const std::string& name, const std::string& description);
  int back_up(conference::WallTime now);
  int back_up_running(conference::WallTime now);
  int restore();
  int export_conference();
  int import_conference();
  int verify();
  int purge(conference::WallTime now);

  CLI::App *backup_, *restore_, *export_, *import_, *verify_, *purge_;
  std::string data_;
  std::string folder_;  // of the backup
  std::string server_;  // that makes it
  bool replace_ = false;
  std::string conference_;
  std::string file_;
  std::string before_, older_than_;
};

}  // namespace bridgehall::app

// The program's command line: sub-commands, their flags, help, and the exit status.
#pragma once

namespace bridgehall::app {

// 0: done; 1: could not start or go on; 2: the command line or the configuration is wrong. A mistake is one sentence on
// standard error.
int run_command_line(int argc, char** argv);

}  // namespace bridgehall::app

// Whether the client was asked to end: by SIGTERM, by SIGINT, or by the end of its input, so that it does not outlive
// the test that started it.
#pragma once

#include <chrono>

namespace bridgehall::gstreamer_client {

void watch_for_end();
bool end_asked();
// Returns early when asked to end.
void pause_for(std::chrono::milliseconds time);

}  // namespace bridgehall::gstreamer_client

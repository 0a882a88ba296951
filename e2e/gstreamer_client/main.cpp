// A WHIP publisher and a WHEP viewer made of GStreamer's webrtcbin, for the tests in e2e/:
//
//   gstreamer_client publish http://localhost:8080/whip/demo/hall --token ... --tone 880
//   gstreamer_client view    http://localhost:8080/whep/demo/hall --token ...
//
// It writes lines of JSON: {"event":"connected"} and, when viewing, what it sees and hears (viewer.h). It ends, with a
// DELETE of its session, by SIGTERM, at the end of its input, or after --seconds. C++, because webrtcbin's Python
// binding loses the answer.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <curl/curl.h>
#include <fmt/format.h>

#include "end_signal.h"
#include "failure.h"
#include "http.h"
#include "publisher.h"
#include "viewer.h"

namespace {

using namespace bridgehall::gstreamer_client;

struct Arguments {
  std::string endpoint;
  std::string token;
  int seconds = 120;
  int tone_hz = 880;
};

void run(Peer& peer, const Arguments& arguments) {
  const std::chrono::seconds seconds(arguments.seconds);
  const auto session = post_offer(arguments.endpoint, arguments.token, peer.make_offer(), seconds);
  if (!session) return;
  std::string failures;
  try {
    peer.take_answer(session->answer);
    peer.stay(seconds);
  } catch (const Failure& failure) {
    failures = failure.what();
  }
  try {
    end_session(*session, arguments.token);
  } catch (const Failure& failure) {
    failures += fmt::format("{}{}", failures.empty() ? "" : " ", failure.what());
  }
  if (!failures.empty()) throw Failure(failures);
}

void add_common(CLI::App* command, Arguments& arguments) {
  command->add_option("endpoint", arguments.endpoint, "the WHIP or WHEP address")->required();
  command->add_option("--token", arguments.token, "bearer token")->required();
  command->add_option("--seconds", arguments.seconds, "the longest it stays, and waits for something to view");
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  CLI::App commands("A WHIP publisher and a WHEP viewer made of GStreamer");
  commands.require_subcommand(1);
  auto* publish = commands.add_subcommand("publish", "sends a moving ball and a tone");
  auto* view = commands.add_subcommand("view", "decodes, and says what it sees and hears");
  add_common(publish, arguments);
  add_common(view, arguments);
  publish->add_option("--tone", arguments.tone_hz, "Hz");
  CLI11_PARSE(commands, count, words);

  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  gst_init(nullptr, nullptr);
  watch_for_end();
  try {
    if (publish->parsed())
      run(Publisher(arguments.tone_hz).peer(), arguments);
    else
      run(Viewer().peer(), arguments);
  } catch (const Failure& failure) {
    fmt::print(stderr, "{}\n", failure.what());
    return 1;
  }
}

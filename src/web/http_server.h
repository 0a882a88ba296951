// HTTP/1.1 on TCP for Control, plain and over TLS, and the place where media over TCP come in (reception.h):
// Boost.Beast reads requests, coroutines on one io_context wait for answers. The only place where sockets, timers and
// signals of the control thread live. Beast is included here and, for the WebSockets, in websocket_links. Bounds:
// connections, head size and time per request, all in the settings, and body size by Control; a connection holds one
// request at a time. A connection that became a WebSocket is counted as a link.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "web/control.h"
#include "web/link.h"
#include "web/link_limits.h"
#include "web/media_connection.h"
#include "web/media_core.h"
#include "web/reception_limits.h"
#include "web/tls_context.h"

namespace bridgehall::web {

struct HttpServerSettings {
  SocketAddress listen;  // port 0: any free one
  std::size_t max_connections = 1024;
  std::uint32_t max_head = 16 * 1024;
  Duration request_timeout = 30s;  // for a head and its body to arrive, and for an answer to be taken
  Duration idle_timeout = 75s;     // between requests
  std::uint16_t media_port = 0;    // where media are taken over TCP, at all addresses; 0: nowhere
  ReceptionLimits reception;
  LinkLimits links;
  Duration drain_timeout = 3s;  // for the media core to close its sessions when the server is stopped
};

// Whether browsers are told to come by https only from now on (RFC 6797).
enum class StrictTransport : std::uint8_t { no, yes };

class HttpServer {
 public:
  // Binds and listens: fails in a sentence when the port is taken.
  static Result<std::unique_ptr<HttpServer>> listen(HttpServerSettings settings, Control& control, MediaCore& core);
  ~HttpServer();

  // Serves WebSockets for this host, which outlives the server. Before run(); without it there are none.
  void accept_links(LinkHost& host);

  // Connections that carry media. Before run(); without it they are closed.
  void accept_media(TakeMedia take);

  // What new connections speak TLS with from now on. Before run(), or on the control thread.
  void use_tls(std::shared_ptr<const TlsContext> context, StrictTransport strict);
  // Calls `task` on the control thread for each SIGHUP.
  void on_hangup(std::function<void()> task);

  std::uint16_t port() const;
  // Calls `task` on the control thread, now and then every `interval`.
  void every(Duration interval, std::function<void()> task);
  // SIGTERM and SIGINT drain; a second one stops at once.
  void drain_on_signals();

  // Serves on the calling thread until stopped.
  void run();
  // From any thread: as the first signal does.
  void drain();
  // From any thread: run() returns.
  void stop();

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bridgehall::web

// Receives every TCP connection: looks at its first bytes, does the TLS handshake, and passes on what became of it: a
// stream for HTTP, or a connection with media. Owned by HttpServer; control thread. Whoever says nothing is closed
// after a while, and earlier when too many others have come since: the oldest goes first, so that silent crowds keep
// nobody out.
#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "web/client_stream.h"
#include "web/connection_deadline.h"
#include "web/first_bytes.h"
#include "web/media_connection.h"
#include "web/metrics.h"
#include "web/reception_limits.h"
#include "web/tls_context.h"

namespace bridgehall::web {

// Connections in the same state. One too many, and the oldest's time is up.
class Crowd {
 public:
  explicit Crowd(std::size_t most) : most_(most) {}

  class Member {
   public:
    Member(Crowd& crowd, Deadline& deadline);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    bool pushed_out() const { return pushed_out_; }

   private:
    friend class Crowd;
    Crowd& crowd_;
    Deadline& deadline_;
    bool pushed_out_ = false;
    std::list<Member*>::iterator place_;
  };
  std::size_t size() const { return members_.size(); }

 private:
  std::size_t most_;
  std::list<Member*> members_;  // oldest first
};

class Reception {
 public:
  Reception(ReceptionLimits limits, PortCounters& counters)
      : limits_(limits), counters_(counters), undecided_(limits.undecided), handshaking_(limits.handshakes) {}

  // For connections from now on; null: no TLS.
  void set_tls(std::shared_ptr<const TlsContext> context) { tls_ = std::move(context); }
  bool has_tls() const { return tls_ != nullptr; }
  void set_media(TakeMedia take) { take_media_ = std::move(take); }

  // Null: it was closed or passed on. `http`: HTTP is spoken where it came to.
  boost::asio::awaitable<std::unique_ptr<ClientStream>> receive(boost::asio::ip::tcp::socket socket, bool http);

 private:
  using Socket = boost::asio::ip::tcp::socket;

  boost::asio::awaitable<FirstBytes> look(Socket& socket, Deadline& deadline, const Crowd::Member& place);
  boost::asio::awaitable<bool> shake_hands(ClientStream& stream);
  boost::asio::awaitable<void> receive_media(Socket& socket, Deadline& deadline, const Crowd::Member& place);
  void count(PortEvent event) { ++counters_.events[static_cast<std::size_t>(event)]; }
  void count_end(const Deadline& deadline, const Crowd::Member& place);

  ReceptionLimits limits_;
  PortCounters& counters_;
  Crowd undecided_;
  Crowd handshaking_;
  std::shared_ptr<const TlsContext> tls_;
  TakeMedia take_media_;
};

}  // namespace bridgehall::web

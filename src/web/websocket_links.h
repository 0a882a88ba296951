// The WebSockets of all links (RFC 6455, by Boost.Beast): bounds, deadlines and pings; what is said is the LinkHost's.
// Two coroutines serve a link: one reads, one writes whatever the host has next. Owned by HttpServer, outlives its
// io_context; control thread. Bounds: LinkLimits; a link holds one text read (LinkHost::kMaxText) and one being
// written.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <unordered_map>

#include <boost/asio/awaitable.hpp>

#include "web/client_stream.h"
#include "web/link.h"
#include "web/link_limits.h"
#include "web/metrics.h"
#include "web/strangers.h"

namespace bridgehall::web {

class WebSocketLinks {
 public:
  // `clock` reads both clocks; `turned` is called after the host was told something.
  WebSocketLinks(LinkLimits limits, LinkHost& host, LinkCounters& counters, Instant (*clock)(),
                 std::function<void()> turned);
  ~WebSocketLinks();

  // A link that the host knows of; it is told when this ends.
  class Place {
   public:
    Place(WebSocketLinks& links, LinkId id) : links_(links), id_(id) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { links_.forget(id_); }
    LinkId id() const { return id_; }
    bool greeted() const { return greeted_; }
    void set_greeted() {
      links_.not_greeted_.leave(id_.value());
      greeted_ = true;
    }

   private:
    WebSocketLinks& links_;
    LinkId id_;
    bool greeted_ = false;
  };

  std::expected<std::unique_ptr<Place>, Response> open(const std::string& conference, const Request& request);
  // Answers the request with 101 and serves the link to its end.
  boost::asio::awaitable<void> serve(std::unique_ptr<ClientStream> stream, std::unique_ptr<Place> place,
                                     Request request);
  // Lets every link write that the host says is ready.
  void wake_ready();
  std::size_t count() const { return links_.size(); }

 private:
  class Link;
  friend class Link;

  // False when it is full of links that nobody can be asked to give up.
  bool has_room();
  void forget(LinkId id);

  LinkLimits limits_;
  LinkHost& host_;
  LinkCounters& counters_;
  Instant (*clock_)();
  std::function<void()> turned_;
  std::uint64_t last_id_ = 0;
  Strangers not_greeted_;
  std::unordered_map<LinkId, Link*> links_;  // null: opened, but not served yet
};

}  // namespace bridgehall::web

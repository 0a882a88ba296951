// A link is one WebSocket between a page and the conferences, as the conferences see it: texts in, texts out when the
// socket is free to take one. The HTTP server owns sockets, pings and deadlines; a LinkHost owns what is said. Control
// thread only. Bounds: HttpServerSettings has the number of links; a host keeps no queue per link, since messages are
// pulled one by one, each at the moment it can be written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "web/instant.h"
#include "web/message.h"

namespace bridgehall::web {

// Never used twice.
using LinkId = Id<struct LinkTag, std::uint64_t>;

// How the server closes a WebSocket (RFC 6455 section 7.4).
struct LinkEnd {
  std::uint16_t code = 1000;
  std::string reason;  // at most 123 octets go out
};

class LinkHost {
 public:
  // A text is at most so long (octets) before the hello was accepted, and after: an offer of a whole hall fits.
  static constexpr std::size_t kMaxBeforeHello = 8 * 1024;
  static constexpr std::size_t kMaxText = 400 * 1024;

  virtual ~LinkHost() = default;

  // Someone asks for a link to that conference: a response refuses, as HTTP. Otherwise the link is there until
  // close_link.
  virtual std::optional<Response> open_link(LinkId link, const std::string& conference, const Request& request,
                                            Instant now) = 0;
  // Valid UTF-8. Not called any more once end_of() has said something.
  virtual void handle_message(LinkId link, std::string_view text, Instant now) = 0;
  // The link's hello was accepted: longer texts are read, and it may stay.
  virtual bool greeted(LinkId link) const = 0;
  // The next text for the page, asked for whenever the socket is free and the link was said to be ready; nullopt: none
  // for now.
  virtual std::optional<std::string> next_message(LinkId link, Instant now) = 0;
  // Set: the link is closed once next_message() has nothing more.
  virtual std::optional<LinkEnd> end_of(LinkId link) const = 0;
  // The socket is gone. Once for every link that was opened.
  virtual void close_link(LinkId link, Instant now) = 0;
  // A link that may have a text or an end since it was last said; asked until there is none, after whatever could have
  // changed it (a message, a media event, a timeout, a request). Links that have nothing after all are harmless.
  virtual std::optional<LinkId> poll_ready() = 0;
};

}  // namespace bridgehall::web

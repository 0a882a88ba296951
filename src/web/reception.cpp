#include "web/reception.h"

#include <array>
#include <optional>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "session/transport.h"
#include "wire/stun.h"

namespace bridgehall::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

IpAddress to_ip(const asio::ip::address& address) {
  if (address.is_v6()) return {address.to_v6().to_bytes()};
  const auto four = address.to_v4().to_bytes();
  return IpAddress::v4(four[0], four[1], four[2], four[3]);
}

// The first frame, once it is there as a whole.
std::optional<BytesView> first_frame(BytesView bytes) {
  if (bytes.size() < 2 || bytes.size() - 2 < load_u16(bytes.data())) return std::nullopt;
  return bytes.subspan(2, load_u16(bytes.data()));
}

}  // namespace

Crowd::Member::Member(Crowd& crowd, Deadline& deadline) : crowd_(crowd), deadline_(deadline) {
  if (crowd.members_.size() >= crowd.most_ && !crowd.members_.empty()) {
    auto* oldest = crowd.members_.front();
    oldest->pushed_out_ = true;
    oldest->deadline_.expire();
    crowd.members_.pop_front();
  }
  crowd.members_.push_back(this);
  place_ = std::prev(crowd.members_.end());
}

Crowd::Member::~Member() {
  if (!pushed_out_) crowd_.members_.erase(place_);
}

void Reception::count_end(const Deadline& deadline, const Crowd::Member& place) {
  if (place.pushed_out())
    count(PortEvent::pushed_out);
  else if (deadline.expired())
    count(PortEvent::silent);
}

asio::awaitable<std::unique_ptr<ClientStream>> Reception::receive(tcp::socket socket, bool http) {
  auto stream = std::make_unique<ClientStream>(std::move(socket));
  auto what = FirstBytes::undecided;
  {
    Deadline deadline(stream->socket());
    const Crowd::Member place(undecided_, deadline);
    what = co_await look(stream->socket(), deadline, place);
    if (what == FirstBytes::undecided) co_return nullptr;  // it has gone, or was passed on
  }
  if (what == FirstBytes::unknown || !http || (what == FirstBytes::tls && !tls_)) {
    count(PortEvent::unknown);
    co_return nullptr;
  }
  count(what == FirstBytes::tls ? PortEvent::tls : PortEvent::http);
  if (what == FirstBytes::tls && !co_await shake_hands(*stream)) co_return nullptr;
  co_return stream;
}

// What looks like media is read here and passed on; nothing of the rest is taken out of the socket.
asio::awaitable<FirstBytes> Reception::look(tcp::socket& socket, Deadline& deadline, const Crowd::Member& place) {
  ErrorCode error;
  deadline.set(limits_.first_bytes);
  co_await socket.async_wait(tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
  std::array<std::uint8_t, kDecidingBytes> bytes;
  std::size_t size = 0;
  if (!error && !deadline.expired()) size = socket.receive(asio::buffer(bytes), tcp::socket::message_peek, error);
  if (error || size == 0) {
    count_end(deadline, place);
    co_return FirstBytes::undecided;
  }
  const auto what = classify_first_bytes(BytesView{bytes}.first(size));
  if (what != FirstBytes::undecided && what != FirstBytes::ice_tcp) co_return what;
  co_await receive_media(socket, deadline, place);
  co_return FirstBytes::undecided;
}

asio::awaitable<void> Reception::receive_media(tcp::socket& socket, Deadline& deadline, const Crowd::Member& place) {
  constexpr std::size_t kMost = 2 + wire::kStunMaxMessage;
  ErrorCode error;
  const auto remote = socket.remote_endpoint(error);
  const auto local = error ? tcp::endpoint() : socket.local_endpoint(error);
  MediaConnection media{.descriptor = -1,
                        .remote = {to_ip(remote.address()), remote.port()},
                        .local = to_ip(local.address()),
                        .first_bytes = {},
                        .ufrag = {}};
  auto& bytes = media.first_bytes;
  deadline.set(limits_.first_frame);
  while (!error && !first_frame(bytes)) {
    const auto before = bytes.size();
    bytes.resize(kMost);
    const auto got = co_await socket.async_read_some(asio::buffer(bytes.data() + before, kMost - before),
                                                     asio::redirect_error(asio::use_awaitable, error));
    bytes.resize(before + got);
    if (error) break;
    if (classify_first_bytes(bytes) == FirstBytes::unknown) co_return count(PortEvent::unknown);
  }
  if (error || deadline.expired()) co_return count_end(deadline, place);
  const auto ufrag = session::addressed_ufrag(*first_frame(bytes));
  if (!ufrag || !take_media_) co_return count(PortEvent::unknown);
  media.ufrag = *ufrag;
  media.descriptor = socket.release(error);
  if (error) co_return;
  count(PortEvent::media);
  take_media_(std::move(media));
}

asio::awaitable<bool> Reception::shake_hands(ClientStream& stream) {
  Deadline deadline(stream.socket());
  const Crowd::Member place(handshaking_, deadline);
  deadline.set(limits_.handshake);
  const auto context = tls_;  // a new one may come meanwhile
  const bool done = co_await stream.accept_tls(*context) && !deadline.expired();
  if (!done) count(PortEvent::handshake_failed);
  co_return done;
}

}  // namespace bridgehall::web

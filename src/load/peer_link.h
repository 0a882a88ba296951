// What publisher and viewer have in common: the transport in client role, RTCP in and out, and the queue of datagrams
// to send. Sans-IO; lives on the generator's one thread.
#pragma once

#include <deque>
#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "session/offer.h"
#include "session/transport.h"
#include "wire/rtcp.h"

namespace bridgehall::load {

class PeerLink {
 public:
  static constexpr std::size_t kMaxDatagram = 1500;
  static constexpr std::size_t kMaxQueue = 1024;  // a keyframe of 10 Mb/s is 200 packets; the loop empties it each turn

  PeerLink(const session::ClientEnd& local, const session::Agreed& agreed, crypto::DtlsFactory& dtls,
           RandomSource& random, TimePoint now);

  // Takes STUN and DTLS; false for media, which is the caller's.
  bool handle_control(BytesView datagram, const NetworkPath& path, TimePoint now);
  // RTCP in clear, in place; nullopt when it does not authenticate.
  std::optional<BytesView> open_rtcp(MutableBytes datagram);
  void handle_timeout(TimePoint now);
  TimePoint next_deadline() const { return transport_.next_deadline(); }

  bool connected() const { return connected_at_ && !closed_; }
  std::optional<TimePoint> connected_at() const { return connected_at_; }
  std::optional<session::CloseReason> closed() const { return closed_; }
  session::Transport& transport() { return transport_; }
  // Once it is or was connected.
  std::optional<crypto::SrtpSuite> suite() {
    return connected_at_ ? std::optional(transport_.sealer().suite()) : std::nullopt;
  }

  // Seals a compound RTCP packet of at most 1,200 bytes and queues it.
  void send_rtcp(BytesView compound);
  void send(std::vector<std::uint8_t> datagram);
  bool poll_transmit(session::OutgoingDatagram& out);
  void close() { transport_.close(); }  // close_notify can still be polled

 private:
  void drain_events(TimePoint now);

  session::Transport transport_;
  std::deque<session::OutgoingDatagram> queue_;
  std::optional<TimePoint> connected_at_;
  std::optional<session::CloseReason> closed_;
};

}  // namespace bridgehall::load

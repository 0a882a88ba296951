// The members of a conference at work: every member's sockets, the poller, and the timers. Reads the clock; everything
// below it is sans-IO. A member's place is its index, for good; it may be empty.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/timer_wheel.h"
#include "io/poller.h"
#include "io/udp_socket.h"
#include "load/byte_stream.h"
#include "load/participant.h"
#include "load/websocket_client.h"

namespace bridgehall::load {

class MemberLoop {
 public:
  explicit MemberLoop(bool gro);

  static TimePoint now();

  // Connects its WebSocket and lets it say hello; waits only for TCP. `host`: for the handshake.
  Result<void> add(std::size_t place, std::unique_ptr<Participant> participant, const std::string& url,
                   const std::string& path, RandomSource& random);
  void remove(std::size_t place);
  std::size_t places() const { return members_.size(); }
  // nullptr where the place is empty.
  Participant* at(std::size_t place) { return members_[place] ? members_[place]->participant.get() : nullptr; }
  const Participant* at(std::size_t place) const {
    return members_[place] ? members_[place]->participant.get() : nullptr;
  }
  // Why a member is no more in the conference; nullopt while it is.
  std::optional<std::string> ended(std::size_t place) const;

  // Sends what a member has to say, after something was asked of it.
  void flush(std::size_t place);
  void turn(TimePoint end);
  void turn_until(TimePoint end);

  void measure_into(LatencyHistogram* latency) { latency_ = latency; }
  std::uint64_t receive_overflows() const;
  std::uint64_t send_errors() const;

 private:
  struct Member {
    std::unique_ptr<Participant> participant;
    io::UdpSocket socket;
    ByteStream stream;
    WebSocketClient websocket;
    bool stream_broken = false;
    bool measured = true;  // a narrow line's delay is not the server's
  };
  void receive_datagrams(Member& member);
  void receive_texts(Member& member);
  LatencyHistogram* latency_of(const Member& member) const { return member.measured ? latency_ : nullptr; }

  bool gro_;
  io::Poller poller_{256};
  std::vector<std::uint8_t> memory_;
  std::vector<MutableBytes> buffers_;
  std::vector<std::unique_ptr<Member>> members_;
  TimerWheel timers_;
  session::OutgoingDatagram outgoing_;
  LatencyHistogram* latency_ = nullptr;
  std::uint64_t gone_overflows_ = 0;
  std::uint64_t gone_send_errors_ = 0;
};

}  // namespace bridgehall::load

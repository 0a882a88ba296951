#include "app/doctor/offload.h"

#include <array>
#include <vector>

#include "io/clock.h"
#include "io/poller.h"
#include "io/udp_socket.h"

namespace bridgehall::app::doctor {

OffloadFacts gather_offload() {
  constexpr std::size_t kSegment = 800, kSegments = 4;
  const auto ip = IpAddress::v4(127, 0, 0, 1);
  auto receiver = io::UdpSocket::open({.bind_ip = ip, .gro = true});
  auto sender = io::UdpSocket::open({});
  if (!receiver || !sender) return {};
  const std::vector<std::uint8_t> bytes(kSegment * kSegments);
  const Train train{{{}, {ip, receiver->port()}}, bytes, kSegment};
  sender->send({&train, 1});
  OffloadFacts facts{.send = sender->segmentation() && sender->send_errors() == 0, .receive = false};

  io::Poller poller;
  poller.add(receiver->fd(), 0);
  const auto now = io::read_clock();
  poller.wait(now + 1s, now);
  std::vector<std::uint8_t> room(65536);
  std::array<MutableBytes, 1> buffers{room};
  std::array<ReceivedDatagram, 1> got;
  facts.receive = receiver->receive(buffers, got) == 1 && got[0].bytes.size() == bytes.size();
  return facts;
}

Findings check_offload(const OffloadFacts& facts) {
  if (!facts.send) return {make_finding(Level::attention, "offload.send")};
  if (!facts.receive) return {make_finding(Level::attention, "offload.receive")};
  return {make_finding(Level::ok, "offload.ok")};
}

}  // namespace bridgehall::app::doctor

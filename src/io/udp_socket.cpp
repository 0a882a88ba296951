#include "io/udp_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "io/clock.h"
#include "io/socket_address.h"

namespace bridgehall::io {
namespace {

// Control messages of one received datagram: packet info, GRO size, overflow count.
constexpr std::size_t kReceiveControl = 128;

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

template <class T>
T control_value(const cmsghdr& header) {
  T value;
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

// Appends control messages to a fixed buffer for sendmsg.
class ControlWriter {
 public:
  explicit ControlWriter(msghdr& message) : message_(message) {
    message.msg_control = buffer_.data();
    message.msg_controllen = 0;
  }
  template <class T>
  void add(int level, int type, const T& value) {
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(sizeof value);
    header.cmsg_level = level;
    header.cmsg_type = type;
    auto* at = buffer_.data() + message_.msg_controllen;
    std::memcpy(at, &header, sizeof header);
    std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
    message_.msg_controllen += CMSG_SPACE(sizeof value);
  }

 private:
  msghdr& message_;
  alignas(cmsghdr) std::array<std::uint8_t, 96> buffer_{};
};

}  // namespace

// What recvmmsg needs beside the payload buffers, kept between calls.
struct UdpSocket::Batch {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> vectors{};
  std::array<sockaddr_in6, kBatch> sources{};
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kReceiveControl>, kBatch> controls{};
};

UdpSocket::UdpSocket(FileDescriptor fd, bool dual_stack, std::uint16_t port)
    : fd_(std::move(fd)), dual_stack_(dual_stack), port_(port), batch_(std::make_unique<Batch>()) {}
UdpSocket::~UdpSocket() = default;
UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;

Result<UdpSocket> UdpSocket::open(const UdpOptions& options) {
  bool dual_stack = true;
  FileDescriptor fd(socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid() || !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0)) {
    dual_stack = false;
    fd = FileDescriptor(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (!fd.valid()) return fail(fmt::format("No UDP socket could be made: {}.", std::strerror(errno)));

  if (dual_stack)
    set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  else
    set_option(fd.get(), IPPROTO_IP, IP_PKTINFO, 1);
  if (options.receive_buffer > 0) set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
  if (options.send_buffer > 0) set_option(fd.get(), SOL_SOCKET, SO_SNDBUF, options.send_buffer);
  if (options.gro) set_option(fd.get(), IPPROTO_UDP, UDP_GRO, 1);
  if (options.shared_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (options.count_overflows) set_option(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, 1);

  const SocketAddress wanted{options.bind_ip, options.port};
  int bound;
  if (dual_stack) {
    auto address = to_system_v6(wanted);
    if (options.bind_ip.is_unspecified()) address.sin6_addr = in6addr_any;
    bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } else {
    const auto address = to_system_v4(wanted);
    bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  if (bound != 0) return fail(fmt::format("The UDP port {} cannot be used: {}.", options.port, std::strerror(errno)));

  sockaddr_storage actual{};
  socklen_t size = sizeof actual;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&actual), &size);
  const auto port = from_system(reinterpret_cast<const sockaddr&>(actual)).port;
  UdpSocket opened(std::move(fd), dual_stack, port);
  opened.arrival_times_ = options.arrival_times && set_option(opened.fd(), SOL_SOCKET, SO_TIMESTAMPNS, 1);
  return opened;
}

std::size_t UdpSocket::receive(std::span<const MutableBytes> buffers, std::span<ReceivedDatagram> out) {
  auto& batch = *batch_;
  const std::size_t room = std::min({buffers.size(), out.size(), kBatch});
  for (std::size_t i = 0; i < room; ++i) {
    batch.vectors[i] = {buffers[i].data(), buffers[i].size()};
    auto& header = batch.messages[i].msg_hdr;
    header.msg_name = &batch.sources[i];
    header.msg_namelen = sizeof batch.sources[i];
    header.msg_iov = &batch.vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = batch.controls[i].data();
    header.msg_controllen = kReceiveControl;
  }
  const int received = recvmmsg(fd_.get(), batch.messages.data(), static_cast<unsigned>(room), 0, nullptr);
  if (received <= 0) return 0;
  const auto wall_to_monotonic = arrival_times_ ? read_wall_to_monotonic() : Duration{};

  for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
    auto& header = batch.messages[i].msg_hdr;
    auto& datagram = out[i];
    datagram.path = {{}, from_system(reinterpret_cast<const sockaddr&>(batch.sources[i]))};
    datagram.bytes = buffers[i].first(batch.messages[i].msg_len);
    datagram.segment_size = datagram.bytes.size();
    datagram.truncated = (header.msg_flags & MSG_TRUNC) != 0;
    datagram.arrived_at = {};
    for (const cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, const_cast<cmsghdr*>(c))) {
      if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        const auto info = control_value<in6_pktinfo>(*c);
        std::memcpy(datagram.path.local.bytes.data(), &info.ipi6_addr, 16);
      } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        const auto info = control_value<in_pktinfo>(*c);
        std::uint8_t b[4];
        std::memcpy(b, &info.ipi_addr, 4);
        datagram.path.local = IpAddress::v4(b[0], b[1], b[2], b[3]);
      } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
        datagram.segment_size = static_cast<std::size_t>(control_value<int>(*c));
      } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
        const auto stamp = control_value<timespec>(*c);
        datagram.arrived_at =
            TimePoint{std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec) + wall_to_monotonic};
      } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
        receive_overflows_ = control_value<std::uint32_t>(*c);
      }
    }
  }
  return static_cast<std::size_t>(received);
}

void UdpSocket::send(std::span<const Train> trains) {
  for (const auto& train : trains) {
    if (train.path.protocol != Protocol::udp) continue;
    const bool segmented = train.segment_size < train.bytes.size();
    if (!segmented || segmentation_) {
      if (send_one(train, segmented ? train.segment_size : 0)) continue;
      if (!segmented || (errno != EIO && errno != EINVAL)) {
        send_errors_ += segmented ? (train.bytes.size() + train.segment_size - 1) / train.segment_size : 1;
        continue;
      }
      segmentation_ = false;
    }
    send_single_datagrams(train);
  }
}

bool UdpSocket::send_one(const Train& train, std::size_t segment_size) {
  sockaddr_in6 six;
  sockaddr_in four;
  iovec vector{const_cast<std::uint8_t*>(train.bytes.data()), train.bytes.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (dual_stack_) {
    six = to_system_v6(train.path.remote);
    message.msg_name = &six;
    message.msg_namelen = sizeof six;
  } else {
    four = to_system_v4(train.path.remote);
    message.msg_name = &four;
    message.msg_namelen = sizeof four;
  }
  ControlWriter control(message);
  if (!train.path.local.is_unspecified()) {
    if (dual_stack_) {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, train.path.local.bytes.data(), 16);
      control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    } else {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, train.path.local.bytes.data() + 12, 4);
      control.add(IPPROTO_IP, IP_PKTINFO, info);
    }
  }
  if (segment_size != 0) control.add(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(segment_size));
  if (message.msg_controllen == 0) message.msg_control = nullptr;
  return sendmsg(fd_.get(), &message, 0) >= 0;
}

void UdpSocket::send_single_datagrams(const Train& train) {
  for (std::size_t at = 0; at < train.bytes.size(); at += train.segment_size) {
    const auto size = std::min(train.segment_size, train.bytes.size() - at);
    if (!send_one({train.path, train.bytes.subspan(at, size), size}, 0)) ++send_errors_;
  }
}

}  // namespace bridgehall::io

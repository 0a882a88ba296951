// A non-blocking UDP socket that moves batches: recvmmsg into the caller's buffers, one sendmsg with UDP_SEGMENT per
// train. Dual-stack where the system has IPv6. Each datagram tells the address it came to, and leaves from the address
// it is told to (IPV6_PKTINFO, IP_PKTINFO): a browser drops answers from another one. Belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/datagram.h"
#include "base/result.h"
#include "io/file_descriptor.h"

namespace bridgehall::io {

struct UdpOptions {
  IpAddress bind_ip{};     // unspecified: all addresses
  std::uint16_t port = 0;  // 0: the system chooses
  int receive_buffer = 0;  // bytes, 0 = system's default; the kernel may give less (net.core.rmem_max)
  int send_buffer = 0;
  bool gro = false;              // let the kernel join datagrams of one sender (buffers should then hold 64 KiB)
  bool arrival_times = false;    // let the kernel stamp each datagram (SO_TIMESTAMPNS)
  bool count_overflows = false;  // SO_RXQ_OVFL
  bool shared_port = false;      // SO_REUSEPORT: with other sockets of this process, which the kernel chooses among
};

class UdpSocket {
 public:
  static constexpr std::size_t kBatch = 64;         // datagrams per recvmmsg
  static constexpr std::size_t kMaxSegments = 64;   // kernel's UDP_MAX_SEGMENTS of older kernels
  static constexpr std::size_t kMaxTrain = 64'000;  // bytes of one train, below the kernel's 65,507

  static Result<UdpSocket> open(const UdpOptions& options);
  ~UdpSocket();
  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;

  int fd() const { return fd_.get(); }
  std::uint16_t port() const { return port_; }

  // Receives up to min(buffers, out, kBatch) datagrams; datagram i lies at the start of buffers[i].
  std::size_t receive(std::span<const MutableBytes> buffers, std::span<ReceivedDatagram> out);

  // Sends all trains that go over UDP. What the kernel refuses (no buffer space, no route) is dropped and counted: UDP
  // may lose packets, and the loop must not wait. Where segmentation is not possible (EIO, EINVAL) the train goes out
  // as single datagrams and later ones do so from the start.
  void send(std::span<const Train> trains);

  std::uint64_t send_errors() const { return send_errors_; }  // datagrams
  bool segmentation() const { return segmentation_; }
  std::uint32_t receive_overflows() const { return receive_overflows_; }  // with count_overflows

 private:
  struct Batch;
  UdpSocket(FileDescriptor fd, bool dual_stack, std::uint16_t port);
  bool send_one(const Train& train, std::size_t segment_size);
  void send_single_datagrams(const Train& train);

  FileDescriptor fd_;
  bool dual_stack_;
  bool arrival_times_ = false;
  std::uint16_t port_;
  bool segmentation_ = true;
  std::uint64_t send_errors_ = 0;
  std::uint32_t receive_overflows_ = 0;
  std::unique_ptr<Batch> batch_;
};

}  // namespace bridgehall::io

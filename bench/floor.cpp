// The floor under any forwarder on this machine: the same packets sealed by the bare cipher and given to the kernel in
// trains of the same length, to as many addresses, at the same rate, and nothing else. No parsing, no receivers to look
// up, no headers to rewrite, nothing kept. A child process on another CPU takes what arrives, as the load generator
// does, at the same intervals: on loopback the receivers' half of the path is paid by the sender.
//
//   floor ADDRESS VIEWERS PACKETS_PER_SECOND TRAIN PACKET_BYTES SECONDS CPU SINK_CPU GRO(0|1)
//
// TRAIN is the mean number of datagrams per send. Prints JSON.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <arpa/inet.h>
#include <intel-ipsec-mb.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kHeader = 12, kTag = 16, kMaxTrain = 60, kMaxPacket = 1'400;
constexpr auto kWarmUp = std::chrono::seconds(1);
constexpr auto kNap = std::chrono::milliseconds(1);  // the generator's: nobody is woken at the sender's cost

struct Options {
  const char* address;
  std::size_t viewers;
  double packets_per_second, train;
  std::size_t packet;
  double seconds;
  int cpu, sink_cpu;
  bool gro;
};

void require(bool fine, const char* what) {
  if (fine) return;
  std::perror(what);
  std::exit(1);
}

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  require(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

std::vector<sockaddr_in> open_sinks(const Options& o, std::vector<int>& sockets) {
  std::vector<sockaddr_in> addresses;
  for (std::size_t i = 0; i < o.viewers; ++i) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(fd >= 0, "socket");
    const int room = 1 << 20, on = o.gro;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    require(inet_pton(AF_INET, o.address, &address.sin_addr) == 1, "address");
    require(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    socklen_t size = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    sockets.push_back(fd);
    addresses.push_back(address);
  }
  return addresses;
}

[[noreturn]] void drain(const std::vector<int>& sockets, int cpu) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pin(cpu);
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  for (const int fd : sockets) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
  std::vector<std::uint8_t> buffer(65'536);
  std::array<epoll_event, 256> ready;
  for (;;) {
    const timespec nap{0, std::chrono::nanoseconds(kNap).count()};
    ppoll(nullptr, 0, &nap, nullptr);
    int count;
    do {
      count = epoll_wait(poller, ready.data(), static_cast<int>(ready.size()), 0);
      for (int i = 0; i < count; ++i)
        while (recv(ready[static_cast<std::size_t>(i)].data.fd, buffer.data(), buffer.size(), 0) > 0) {
        }
    } while (count == static_cast<int>(ready.size()));
  }
}

class Sender {
 public:
  explicit Sender(const Options& o, std::vector<sockaddr_in> viewers)
      : options_(o),
        viewers_(std::move(viewers)),
        keys_(viewers_.size()),
        plain_(o.packet),
        train_(kMaxTrain * o.packet) {
    init_mb_mgr_auto(manager_.get(), nullptr);
    std::array<std::uint8_t, 16> secret{};
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      std::memcpy(secret.data(), &i, sizeof i);
      IMB_AES128_GCM_PRE(manager_.get(), secret.data(), &keys_[i].data);
    }
    socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    require(socket_ >= 0, "socket");
  }

  // One train to everyone.
  void send_round() {
    owed_ += options_.train;
    const auto length = std::min(static_cast<std::size_t>(owed_), kMaxTrain);
    owed_ -= static_cast<double>(length);
    for (std::size_t i = 0; i < viewers_.size(); ++i) {
      seal(keys_[i], length);
      send(viewers_[i], length);
      sent_ += length;
    }
  }
  std::uint64_t sent() const { return sent_; }

 private:
  struct ManagerDeleter {
    void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
  };
  struct alignas(64) Key {
    gcm_key_data data;
  };

  void seal(const Key& key, std::size_t length) {
    const auto size = options_.packet - kHeader - kTag;
    for (std::size_t i = 0; i < length; ++i) {
      auto* out = train_.data() + i * options_.packet;
      std::memcpy(out, plain_.data(), kHeader);
      ++iv_[11];
      IMB_AES128_GCM_ENC(manager_.get(), &key.data, &context_, out + kHeader, plain_.data(), size, iv_.data(), out,
                         kHeader, out + kHeader + size, kTag);
    }
  }

  void send(const sockaddr_in& to, std::size_t length) {
    iovec part{train_.data(), length * options_.packet};
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    msghdr message{};
    message.msg_name = const_cast<sockaddr_in*>(&to);
    message.msg_namelen = sizeof to;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (length > 1) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      auto* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_UDP;
      header->cmsg_type = UDP_SEGMENT;
      header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
      const auto segment = static_cast<std::uint16_t>(options_.packet);
      std::memcpy(CMSG_DATA(header), &segment, sizeof segment);
    }
    require(sendmsg(socket_, &message, 0) >= 0, "sendmsg");
  }

  const Options& options_;
  std::vector<sockaddr_in> viewers_;
  std::unique_ptr<IMB_MGR, ManagerDeleter> manager_{alloc_mb_mgr(0)};
  std::vector<Key> keys_;
  std::vector<std::uint8_t> plain_, train_;
  std::array<std::uint8_t, 12> iv_{};
  gcm_context_data context_;
  int socket_;
  double owed_ = 0;
  std::uint64_t sent_ = 0;
};

double own_cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void wait_until(Clock::time_point when) {
  const auto left = std::max(when - Clock::now(), Clock::duration{});
  const timespec patience{left / std::chrono::seconds(1), left % std::chrono::seconds(1) / std::chrono::nanoseconds(1)};
  ppoll(nullptr, 0, &patience, nullptr);
}

void run_until(Sender& sender, Clock::time_point& next, Clock::duration interval, Clock::time_point end) {
  for (; next < end; next += interval) {
    wait_until(next);
    sender.send_round();
  }
}

int run(const Options& o) {
  std::vector<int> sockets;
  auto viewers = open_sinks(o, sockets);
  const auto sink = fork();
  require(sink >= 0, "fork");
  if (sink == 0) drain(sockets, o.sink_cpu);
  pin(o.cpu);
  Sender sender(o, std::move(viewers));
  const auto interval =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(o.train / o.packets_per_second));
  auto next = Clock::now();
  run_until(sender, next, interval, next + kWarmUp);
  const auto begin = Clock::now();
  const auto cpu = own_cpu_seconds();
  const auto sent = sender.sent();
  run_until(sender, next, interval,
            begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(o.seconds)));
  const auto used = own_cpu_seconds() - cpu, seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const auto packets = static_cast<double>(sender.sent() - sent);
  kill(sink, SIGKILL);
  waitpid(sink, nullptr, 0);
  std::printf(
      "{\"cpu_us_per_packet\": %.4f, \"cpu_seconds\": %.4f, \"packets\": %.0f, \"seconds\": %.3f, \"began\": %.3f}\n",
      used / packets * 1e6, used, packets, seconds, std::chrono::duration<double>(begin.time_since_epoch()).count());
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count != 10) {
    std::fprintf(stderr, "floor ADDRESS VIEWERS PACKETS_PER_SECOND TRAIN PACKET_BYTES SECONDS CPU SINK_CPU GRO\n");
    return 2;
  }
  const Options options{words[1],
                        static_cast<std::size_t>(std::atol(words[2])),
                        std::atof(words[3]),
                        std::atof(words[4]),
                        static_cast<std::size_t>(std::atol(words[5])),
                        std::atof(words[6]),
                        std::atoi(words[7]),
                        std::atoi(words[8]),
                        std::atoi(words[9]) != 0};
  const bool usable = options.viewers > 0 && options.packets_per_second > 0 && options.train >= 1 &&
                      options.train <= static_cast<double>(kMaxTrain) && options.packet > kHeader + kTag &&
                      options.packet <= kMaxPacket && options.seconds > 0;
  if (!usable) {
    std::fprintf(stderr, "A number is out of range.\n");
    return 2;
  }
  return run(options);
}

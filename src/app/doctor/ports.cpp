#include "app/doctor/ports.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>

#include "io/file_descriptor.h"
#include "io/socket_address.h"

namespace bridgehall::app::doctor {
namespace {

constexpr int kAnswerWithin = 1;  // seconds: it is on this machine

io::FileDescriptor open_socket(int type, const IpAddress& ip) {
  return io::FileDescriptor(socket(ip.is_v4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0));
}

template <class Use>
int with_address(const SocketAddress& address, Use use) {
  if (address.ip.is_v4()) {
    const auto four = io::to_system_v4(address);
    return use(reinterpret_cast<const sockaddr*>(&four), sizeof four);
  }
  const auto six = io::to_system_v6(address);
  return use(reinterpret_cast<const sockaddr*>(&six), sizeof six);
}

PortState try_port(int type, const SocketAddress& address) {
  const auto fd = open_socket(type, address.ip);
  if (!fd.valid()) return PortState::free;  // a family that the system does not have
  const int on = 1;
  // A server that was just stopped leaves connections behind that keep nobody from listening.
  if (type == SOCK_STREAM) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto bound =
      with_address(address, [&](const sockaddr* to, socklen_t size) { return bind(fd.get(), to, size); });
  if (bound == 0) return PortState::free;
  return errno == EACCES ? PortState::forbidden : PortState::taken;
}

// Only our own /healthz says "ok" and nothing else; to whoever does not come from loopback it says where HTTPS is.
bool answers_as_bridgehall(const SocketAddress& address) {
  const auto fd = open_socket(SOCK_STREAM, address.ip);
  const timeval limit{.tv_sec = kAnswerWithin, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (with_address(address, [&](const sockaddr* to, socklen_t size) { return connect(fd.get(), to, size); }) != 0)
    return false;
  constexpr std::string_view kQuestion = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (send(fd.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kQuestion.size()))
    return false;
  std::string answer;
  std::array<char, 1024> buffer;
  while (answer.size() < 8 * buffer.size()) {
    const auto got = recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const bool redirected = answer.starts_with("HTTP/1.1 308") && answer.find("/healthz\r\n") != std::string::npos;
  return redirected || (answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nok\n"));
}

}  // namespace

PortsFacts gather_ports(const Configuration& c, Bystander bystander) {
  const auto http_ip = IpAddress::parse(c.http_address).value_or(IpAddress::v4(127, 0, 0, 1));
  const SocketAddress http{http_ip, static_cast<std::uint16_t>(c.http_port)};
  const auto media = static_cast<std::uint16_t>(c.media_port);
  PortsFacts facts;
  if (c.http_port != 0) facts.ports.push_back({Protocol::tcp, http.port, "http.port", try_port(SOCK_STREAM, http)});
  // An IPv4 socket on all addresses collides with what listens on any one of them.
  facts.ports.push_back({Protocol::udp, media, "media.port", try_port(SOCK_DGRAM, {IpAddress::v4(0, 0, 0, 0), media})});
  if (c.media_tcp == "on" && c.media_port != c.http_port)
    facts.ports.push_back(
        {Protocol::tcp, media, "media.port", try_port(SOCK_STREAM, {IpAddress::v4(0, 0, 0, 0), media})});
  const auto reached = http_ip.is_unspecified() ? IpAddress::v4(127, 0, 0, 1) : http_ip;
  facts.bridgehall_runs =
      bystander == Bystander::own_server || (c.http_port != 0 && answers_as_bridgehall({reached, http.port}));
  return facts;
}

Findings check_ports(const PortsFacts& facts) {
  Findings findings;
  for (const auto& each : facts.ports) {
    const bool udp = each.protocol == Protocol::udp;
    const Values named{{"port", fmt::format("{} {}", udp ? "UDP" : "TCP", each.port)}, {"setting", each.setting}};
    switch (each.state) {
      case PortState::free:
        findings.push_back(make_finding(Level::ok, "port.free", named));
        break;
      case PortState::forbidden:
        findings.push_back(make_finding(Level::problem, "port.forbidden", named));
        break;
      case PortState::taken:
        if (facts.bridgehall_runs) {
          findings.push_back(make_finding(Level::ok, "port.ours", named));
        } else {
          auto values = named;
          values.emplace_back("command", fmt::format("ss -l{}np 'sport = :{}'", udp ? 'u' : 't', each.port));
          findings.push_back(make_finding(Level::problem, "port.taken", std::move(values)));
        }
        break;
    }
  }
  return findings;
}

}  // namespace bridgehall::app::doctor

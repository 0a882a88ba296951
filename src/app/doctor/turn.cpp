#include "app/doctor/turn.h"

#include <array>
#include <memory>
#include <optional>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include "crypto/system_random.h"
#include "io/clock.h"
#include "io/file_descriptor.h"
#include "wire/ice_uri.h"
#include "wire/stun.h"

namespace bridgehall::app::doctor {
namespace {

constexpr Duration kPatience = 2s;
constexpr Duration kResend = 500ms;  // RFC 8489 section 6.2.1

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

bool wait_for(int fd, short events, TimePoint until) {
  const auto left = until - io::read_clock();
  if (left <= Duration::zero()) return false;
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  pollfd waiting{.fd = fd, .events = events, .revents = 0};
  return poll(&waiting, 1, static_cast<int>(milliseconds)) == 1;
}

bool is_answer(int fd, const wire::StunTransactionId& transaction) {
  std::array<std::uint8_t, wire::kStunMaxMessage> buffer;
  const auto size = recv(fd, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  const auto message = wire::parse_stun(BytesView{buffer}.first(static_cast<std::size_t>(size)));
  return message && message->transaction == transaction && message->message_class != wire::StunClass::request;
}

bool answers(const addrinfo& address, bool tcp, bool secure) {
  const io::FileDescriptor fd(
      socket(address.ai_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return false;
  const auto end = io::read_clock() + kPatience;
  connect(fd.get(), address.ai_addr, address.ai_addrlen);
  if (tcp) {
    int error = 0;
    socklen_t size = sizeof error;
    if (!wait_for(fd.get(), POLLOUT, end) || getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
        error != 0)
      return false;
    if (secure) return true;
  }
  crypto::SystemRandom random;
  wire::StunTransactionId transaction;
  random.fill(transaction);
  std::array<std::uint8_t, 64> buffer;
  wire::StunWriter writer(buffer, wire::StunClass::request, wire::kStunBinding, transaction);
  writer.fingerprint();
  const auto size = writer.finish();
  for (auto now = io::read_clock(); now < end; now = io::read_clock()) {
    if (send(fd.get(), buffer.data(), size, MSG_NOSIGNAL) < 0 && tcp) return false;
    if (wait_for(fd.get(), POLLIN, std::min(end, now + kResend)) && is_answer(fd.get(), transaction)) return true;
    if (tcp) return wait_for(fd.get(), POLLIN, end) && is_answer(fd.get(), transaction);
  }
  return false;
}

TurnFacts ask(const std::string& server) {
  TurnFacts facts{.server = server, .lookup_failure = {}, .answered = false};
  const auto uri = wire::parse_ice_uri(server);
  if (!uri) {
    facts.lookup_failure = "it is no address of a STUN or TURN server";
    return facts;
  }
  const addrinfo hints{.ai_flags = AI_ADDRCONFIG, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(uri->host.c_str(), std::to_string(uri->port).c_str(), &hints, &found);
  const Addresses list(found);
  if (failure != 0) {
    facts.lookup_failure = gai_strerror(failure);
    return facts;
  }
  for (const auto* each = list.get(); each != nullptr && !facts.answered; each = each->ai_next)
    facts.answered = answers(*each, uri->tcp, uri->secure);
  return facts;
}

}  // namespace

std::vector<TurnFacts> gather_turn(const Configuration& c) {
  std::vector<TurnFacts> facts;
  for (const auto& server : c.turn_servers) facts.push_back(ask(server));
  for (const auto& server : c.ice_servers) facts.push_back(ask(server.substr(0, server.find(' '))));
  return facts;
}

Findings check_turn(const std::vector<TurnFacts>& facts) {
  if (facts.empty()) return {make_finding(Level::ok, "turn.none")};
  Findings findings;
  for (const auto& each : facts) {
    if (!each.lookup_failure.empty())
      findings.push_back(
          make_finding(Level::problem, "turn.unknown", {{"server", each.server}, {"reason", each.lookup_failure}}));
    else
      findings.push_back(each.answered ? make_finding(Level::ok, "turn.answers", {{"server", each.server}})
                                       : make_finding(Level::problem, "turn.silent", {{"server", each.server}}));
  }
  return findings;
}

}  // namespace bridgehall::app::doctor

#include "load/flood.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/ssl.h>

#include "crypto/dtls.h"
#include "session/stun_integrity.h"
#include "wire/stun.h"

namespace bridgehall::load {
namespace {

constexpr std::size_t kHellos = 16, kChecks = 256;
constexpr std::size_t kBuffer = 2'048;

std::vector<std::uint8_t> make_check(const FloodTarget& target, bool known, RandomSource& random) {
  std::vector<std::uint8_t> bytes(wire::kStunMaxMessage);
  wire::StunTransactionId transaction{};
  random.fill(transaction);
  wire::StunWriter writer{bytes, wire::StunClass::request, wire::kStunBinding, transaction};
  auto ufrag = target.ufrag;
  if (!known) ufrag.back() = ufrag.back() == 'x' ? 'y' : 'x';
  writer.username(ufrag + ":flood");
  writer.priority(1);
  writer.ice_controlling(1);
  bytes.resize(session::seal_stun(writer, "aPasswordThatIsNotTheRightOne"));
  return bytes;
}

std::vector<std::uint8_t> make_hello() {
  crypto::OpenSslDtlsFactory factory;
  const auto session = factory.make_session(crypto::DtlsRole::client, factory.local_fingerprint());
  session->start(TimePoint{1s});
  std::vector<std::uint8_t> hello;
  session->poll_transmit(hello);
  return hello;
}

std::string make_tls_hello() {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  SSL_connect(ssl.get());
  std::string hello(BIO_pending(out), '\0');
  BIO_read(out, hello.data(), static_cast<int>(hello.size()));
  return hello;
}

}  // namespace

std::string_view flood_name(FloodKind kind) {
  static constexpr std::array<std::string_view, kFloodKinds> kNames{"stun",      "client-hello", "join",
                                                                    "websocket", "tcp",          "tls"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<FloodKind> parse_flood_kind(std::string_view name) {
  for (std::size_t i = 0; i < kFloodKinds; ++i)
    if (flood_name(static_cast<FloodKind>(i)) == name) return static_cast<FloodKind>(i);
  return std::nullopt;
}

int default_rate(FloodKind kind) {
  static constexpr std::array<int, kFloodKinds> kRates{20'000, 5'000, 200, 500, 500, 200};
  return kRates[static_cast<std::size_t>(kind)];
}

Flood::Flood(FloodKind kind, int rate, FloodTarget target, RandomSource& random)
    : kind_(kind), rate_(rate), target_(std::move(target)), random_(random) {
  if (kind_ == FloodKind::stun)
    for (std::size_t i = 0; i < kChecks; ++i) datagrams_.push_back(make_check(target_, i % 2 == 0, random_));
  if (kind_ == FloodKind::client_hello)
    for (std::size_t i = 0; i < kHellos; ++i) datagrams_.push_back(make_hello());
  if (!over_udp()) request_ = make_request();
  memory_.resize(io::UdpSocket::kBatch * kBuffer);
  for (std::size_t i = 0; i < io::UdpSocket::kBatch; ++i)
    buffers_.push_back(MutableBytes{memory_}.subspan(i * kBuffer, kBuffer));
}

// On this machine each comes from an address of its own.
IpAddress Flood::source(std::size_t number) const {
  const auto server = over_udp() ? target_.media.ip : target_.http.ip;
  if (!server.is_loopback() || !server.is_v4()) return {};
  return IpAddress::v4(127, 1, 1, static_cast<std::uint8_t>(1 + number % kSources));
}

std::string Flood::make_request() {
  if (kind_ == FloodKind::tls) return make_tls_hello();
  if (kind_ == FloodKind::tcp) return fmt::format("GET / HTTP/1.1\r\nHost: {}\r\nX-Slow: ", target_.host);
  if (kind_ == FloodKind::websocket)
    return fmt::format(
        "GET /api/conferences/{}/signalling HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        target_.conference, target_.host);
  const std::string offer(4'000, 'v');
  return fmt::format(
      "POST /whep/{}/load-0 HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.{}\r\n"
      "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{}",
      target_.conference, target_.host, std::string(43, 'A'), offer.size(), offer);
}

Result<void> Flood::open() {
  if (!over_udp()) return {};
  for (std::size_t i = 0; i < kSources; ++i) {
    auto socket = io::UdpSocket::open({.bind_ip = source(i)});
    if (!socket) return std::unexpected(socket.error());
    if (!poller_.add(socket->fd(), i)) return fail("A socket of the flood cannot be watched.");
    sockets_.push_back(std::move(*socket));
  }
  return {};
}

void Flood::turn(TimePoint now) {
  if (!began_) began_ = now;
  const auto due = static_cast<std::uint64_t>(std::chrono::duration<double>(now - *began_).count() * rate_);
  const auto most =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rate_) * kMostBehind / std::chrono::seconds{1});
  auto count = std::min(due - due_before_, most);
  due_before_ = due;
  for (; count > 0; --count) over_udp() ? send_datagram() : begin_connection();
  write_requests();
  if (over_udp())
    read_datagrams();
  else
    read_connections(ready_);
  ready_.clear();
}

void Flood::wait(TimePoint now) {
  const auto ready = poller_.wait(now + kTurn, now);
  ready_.assign(ready.begin(), ready.end());
}

void Flood::send_datagram() {
  const auto& bytes = datagrams_[counts_.sent % datagrams_.size()];
  const Train train{{{}, target_.media}, bytes, bytes.size()};
  sockets_[random_.below(sockets_.size())].send({&train, 1});
  ++counts_.sent;
  counts_.octets_sent += bytes.size();
}

void Flood::read_datagrams() {
  std::array<ReceivedDatagram, io::UdpSocket::kBatch> received;
  for (const auto socket : ready_) {
    const auto count = sockets_[socket].receive(buffers_, received);
    for (std::size_t i = 0; i < count; ++i) counts_.octets_received += received[i].bytes.size();
  }
}

void Flood::begin_connection() {
  auto stream = io::TcpClient::connect(target_.http, source(random_.below(kSources)));
  ++counts_.sent;
  if (!stream || !poller_.add(stream->fd(), next_connection_)) {
    ++counts_.failed;
    return;
  }
  if (connections_.size() == kMaxConnections) {
    while (!connections_.contains(oldest_.front())) oldest_.pop_front();
    end_connection(oldest_.front());
  }
  connections_.emplace(next_connection_, Connection{std::move(*stream)});
  oldest_.push_back(next_connection_);
  if (oldest_.size() > 2 * kMaxConnections)
    std::erase_if(oldest_, [&](std::uint64_t number) { return !connections_.contains(number); });
  to_be_written_.push_back(next_connection_++);
}

void Flood::write_requests() {
  for (auto left = to_be_written_.size(); left > 0; --left) {
    const auto number = to_be_written_.front();
    to_be_written_.pop_front();
    const auto found = connections_.find(number);
    if (found == connections_.end()) continue;
    auto& connection = found->second;
    const auto written = connection.stream.write(std::string_view(request_).substr(connection.written));
    if (!written) {
      ++counts_.failed;
      end_connection(number);
      continue;
    }
    counts_.octets_sent += *written;
    connection.written += *written;
    if (connection.written < request_.size()) to_be_written_.push_back(number);
  }
}

// A refused join is over with its answer; the others stay until the server ends them.
void Flood::read_connections(std::span<const std::uint64_t> ready) {
  for (const auto number : ready) {
    const auto found = connections_.find(number);
    if (found == connections_.end()) continue;
    const auto size = found->second.stream.read(memory_);
    if (size) counts_.octets_received += *size;
    if (!size || (*size > 0 && kind_ == FloodKind::join)) end_connection(number);
  }
}

void Flood::end_connection(std::uint64_t number) {
  const auto found = connections_.find(number);
  poller_.remove(found->second.stream.fd());
  connections_.erase(found);
}

}  // namespace bridgehall::load

// A whole peer session: the input is a sequence of operations on one transport, of either role, with a peer that knows
// the credentials and strangers that do not. Checked all along: strangers are never answered and never move anything,
// nothing is sent or selected but where an authentic check came from, deadlines lie ahead, events tell one consistent
// story.
#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/check.h"
#include "session/fake_dtls.h"
#include "session/transport_testing.h"

namespace bridgehall::session {
namespace {

using testing::kClientCredentials;
using testing::kServerAddress;
using testing::kServerCredentials;
using testing::make_request;
using testing::path_to;
using Kind = TransportEvent::Kind;

constexpr int kMostOperations = 256;

enum class Operation : std::uint8_t {
  stun,
  dtls,
  wait,
  check,
  damaged_check,
  restart,
  recheck,
  close,
  handshake,
  count
};

struct PathOrder {
  bool operator()(const NetworkPath& a, const NetworkPath& b) const {
    return std::tie(a.local.bytes, a.remote.ip.bytes, a.remote.port) <
           std::tie(b.local.bytes, b.remote.ip.bytes, b.remote.port);
  }
};
using PathSet = std::set<NetworkPath, PathOrder>;

class Session {
 public:
  explicit Session(BytesView input)
      : input_(input), role_(input_.u8() & 1 ? TransportRole::client : TransportRole::server) {
    if (role_ == TransportRole::client) std::swap(local_, remote_);
    transport_.emplace(TransportConfiguration{.role = role_,
                                              .local = local_,
                                              .remote = remote_,
                                              .remote_fingerprint = peer_dtls_.local_fingerprint(),
                                              .remote_candidate = kServerAddress},
                       dtls_, random_, now_);
    peer_ = peer_dtls_.make_session(is_server() ? crypto::DtlsRole::client : crypto::DtlsRole::server,
                                    dtls_.local_fingerprint());
    peer_->start(now_);
    if (!is_server()) authentic_.insert(server_path());
    collect();
  }

  void run() {
    for (int i = 0; i < kMostOperations && !input_.at_end(); ++i) {
      step(static_cast<Operation>(input_.u8() % static_cast<std::uint8_t>(Operation::count)));
      transport_->take_drops();
    }
  }

 private:
  bool is_server() const { return role_ == TransportRole::server; }
  static NetworkPath server_path() { return {.local = {}, .remote = kServerAddress}; }
  NetworkPath read_path() { return is_server() ? path_to(input_.u8() % 16) : (input_.u8(), server_path()); }

  void step(Operation operation) {
    switch (operation) {
      case Operation::stun: {
        const auto path = read_path();
        const auto datagram = read_datagram();
        transport_->handle_stun(datagram, path, now_);
        return expect_silence();
      }
      case Operation::dtls: {
        const auto path = read_path();
        const auto datagram = read_datagram();
        transport_->handle_dtls(datagram, path, now_);
        return valid_.contains(path) ? collect() : expect_silence();
      }
      case Operation::wait:
        return wait_until(now_ + input_.u16() * 1ms);
      case Operation::check:
        return is_server() ? check(read_path()) : answer_check();
      case Operation::damaged_check:
        return damaged_check(read_path());
      case Operation::restart:
        return restart();
      case Operation::recheck:
        transport_->recheck_path(now_);
        return collect();
      case Operation::close:
        if (input_.u8() != 0xc1) return;  // rarely: everything after it is dull
        transport_->close();
        return collect();
      case Operation::handshake:
        return handshake();
      case Operation::count:
        return;
    }
  }

  std::vector<std::uint8_t> read_datagram() {
    const auto bytes = input_.bytes(std::min<std::size_t>(input_.u8(), input_.remaining()));
    return {bytes.begin(), bytes.end()};
  }

  // What `generation` of the credentials makes of a request to the server; bits of `flags` choose.
  testing::Request request(std::uint8_t flags) const {
    const bool newest = flags & 4;
    const auto& server = newest ? local_ : kServerCredentials;
    const auto& client = newest ? remote_ : kClientCredentials;
    return {.username = server.ufrag + ":" + client.ufrag,
            .password = server.password,
            .priority = flags & 0x30u,
            .use_candidate = (flags & 1) != 0,
            .controlled = (flags & 2) != 0};
  }

  void check(const NetworkPath& path) {
    const auto flags = input_.u8();
    const auto bytes = make_request(request(flags));
    authentic_.insert(path);
    checked_ = path;
    transport_->handle_stun(bytes, path, now_);
    collect();
    checked_.reset();
  }

  void answer_check() {
    const bool success = input_.u8() & 1;
    if (!last_check_) return;
    std::vector<std::uint8_t> bytes(wire::kStunMaxMessage);
    wire::StunWriter writer{bytes, success ? wire::StunClass::success : wire::StunClass::error, wire::kStunBinding,
                            *last_check_};
    writer.xor_mapped_address(path_to(1).remote);
    bytes.resize(seal_stun(writer, remote_.password));
    checked_ = server_path();
    transport_->handle_stun(bytes, server_path(), now_);
    collect();
    checked_.reset();
  }

  void damaged_check(const NetworkPath& path) {
    auto bytes = make_request(request(input_.u8()));
    const auto at = input_.u8() % (bytes.size() - testing::kFingerprintSize);
    bytes[at] ^= static_cast<std::uint8_t>(std::max<std::uint8_t>(1, input_.u8()));
    transport_->handle_stun(bytes, path, now_);
    expect_silence();
  }

  void restart() {
    const auto suffix = std::to_string(++restarts_);
    local_ = {"newLocal" + suffix, "newLocalPasswordNewLocal" + suffix};
    remote_ = {"newRemote" + suffix, "newRemotePasswordNewRemote" + suffix};
    last_check_.reset();
    transport_->restart_ice(local_, remote_, now_);
    if (!closed_) BRIDGEHALL_CHECK(transport_->local_credentials() == local_);
    collect();
  }

  // The peer's DTLS says what it has to say, over a path that may be valid or not.
  void handshake() {
    const auto path = read_path();
    std::vector<std::uint8_t> datagram;
    while (peer_->poll_transmit(datagram)) {
      const bool valid = valid_.contains(path);
      transport_->handle_dtls(datagram, path, now_);
      valid ? collect() : expect_silence();
    }
    if (peer_->next_deadline() <= now_) peer_->handle_timeout(now_);
  }

  void wait_until(TimePoint end) {
    for (auto deadline = transport_->next_deadline(); deadline <= end; deadline = transport_->next_deadline()) {
      BRIDGEHALL_CHECK(deadline >= now_);
      now_ = deadline;
      transport_->handle_timeout(now_);
      BRIDGEHALL_CHECK(transport_->next_deadline() > now_);
      collect();
    }
    now_ = end;
    transport_->handle_timeout(now_);
    collect();
  }

  void expect_silence() {
    OutgoingDatagram datagram;
    BRIDGEHALL_CHECK(!transport_->poll_transmit(datagram));
    BRIDGEHALL_CHECK(!transport_->poll_event());
  }

  void collect() {
    for (const auto& datagram : testing::take_datagrams(*transport_)) take(datagram);
    for (const auto& event : testing::take_events(*transport_)) take(event);
    BRIDGEHALL_CHECK(valid_.size() <= Transport::kMaxPaths);
    BRIDGEHALL_CHECK(transport_->connected() == (connected_ && !closed_));
    if (selected_) BRIDGEHALL_CHECK(transport_->path() == *selected_);
    BRIDGEHALL_CHECK(closed_ == (transport_->next_deadline() == kNever));
  }

  void take(const OutgoingDatagram& datagram) {
    BRIDGEHALL_CHECK(!closed_);
    BRIDGEHALL_CHECK(authentic_.contains(datagram.path));
    if (wire::classify_datagram(datagram.bytes) == wire::DatagramKind::dtls) {
      BRIDGEHALL_CHECK(valid_.contains(datagram.path) || checked_ == datagram.path);
      peer_->handle_datagram(datagram.bytes, now_);
      return;
    }
    const auto message = wire::parse_stun(datagram.bytes);
    BRIDGEHALL_CHECK(message.has_value());
    BRIDGEHALL_CHECK((message->message_class == wire::StunClass::request) == !is_server());
    if (is_server()) BRIDGEHALL_CHECK(checked_ == datagram.path);
    last_check_ = message->transaction;
  }

  void take(const TransportEvent& event) {
    BRIDGEHALL_CHECK(!closed_);
    switch (event.kind) {
      case Kind::path_validated:
        BRIDGEHALL_CHECK(checked_ == event.path && valid_.insert(event.path).second);
        return;
      case Kind::path_forgotten:
        BRIDGEHALL_CHECK(valid_.erase(event.path) == 1);
        return;
      case Kind::path_selected:
        BRIDGEHALL_CHECK(valid_.contains(event.path) && selected_ != event.path);
        selected_ = event.path;
        return;
      case Kind::connected:
        BRIDGEHALL_CHECK(!connected_ && valid_.contains(event.path));
        connected_ = true;
        transport_->sealer();
        transport_->opener();
        return;
      case Kind::closed:
        closed_ = true;
        return;
    }
  }

  ByteReader input_;
  TransportRole role_;
  IceCredentials local_ = kServerCredentials;
  IceCredentials remote_ = kClientCredentials;
  SeededRandom random_{1};
  FakeDtlsFactory dtls_{1};
  FakeDtlsFactory peer_dtls_{2};
  std::unique_ptr<crypto::DtlsSession> peer_;
  std::optional<Transport> transport_;
  TimePoint now_ = testing::kStart;
  int restarts_ = 0;

  PathSet authentic_;                   // an authentic check came from there, at any time
  PathSet valid_;                       // as the events tell
  std::optional<NetworkPath> checked_;  // of the operation under way
  std::optional<NetworkPath> selected_;
  std::optional<wire::StunTransactionId> last_check_;  // of a client
  bool connected_ = false;
  bool closed_ = false;
};

}  // namespace
}  // namespace bridgehall::session

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bridgehall::session::Session{bridgehall::BytesView{data, size}}.run();
  return 0;
}

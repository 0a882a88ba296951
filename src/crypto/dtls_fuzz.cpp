// Datagrams and deadlines into DTLS sessions. The input is a list of operations on a client and a server joined by us:
// deliver, lose, repeat, change or make up datagrams, and let time pass. Held: garbage never fails a session before its
// time is up, a connected one stays so until an authentic close, both sides that connect have the same keys, and
// answers stay bounded.
#include <deque>
#include <optional>
#include <vector>

#include "base/check.h"
#include "crypto/dtls.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::crypto;

struct Side {
  std::unique_ptr<DtlsSession> session;
  std::deque<std::vector<std::uint8_t>> sent;
  std::vector<std::uint8_t> last;
  std::size_t sent_count = 0;
};

class World {
 public:
  World() {
    static OpenSslDtlsFactory clients, servers;
    client_.session = clients.make_session(DtlsRole::client, servers.local_fingerprint());
    server_.session = servers.make_session(DtlsRole::server, clients.local_fingerprint());
    server_.session->start(now_);
    client_.session->start(now_);
    collect();
  }

  void run(ByteReader& input) {
    const auto operation = input.u8();
    Side& from = (operation & 0x80) != 0 ? client_ : server_;
    Side& to = (operation & 0x80) != 0 ? server_ : client_;
    switch (operation % 8) {
      case 0:
      case 1:
        deliver(from, to, std::nullopt);
        break;
      case 2:
        take(from);
        break;
      case 3:
        deliver(from, to, input.u16());
        break;
      case 4:
        handle(to, from.last);
        break;
      case 5:
        handle(to, input.bytes(std::min<std::size_t>(input.u16() % 2048u, input.remaining())));
        break;
      case 6:
        advance(Duration{1ms} * input.u16());
        break;
      default:
        handshake_to_the_end();
        break;
    }
    collect();
    check();
  }

 private:
  static constexpr std::size_t kMaxFlight = 2;  // datagrams

  std::vector<std::uint8_t> take(Side& from) {
    if (from.sent.empty()) return {};
    from.last = std::move(from.sent.front());
    from.sent.pop_front();
    return from.last;
  }
  void deliver(Side& from, Side& to, std::optional<std::uint16_t> change) {
    auto datagram = take(from);
    if (change && !datagram.empty()) {
      datagram[*change % datagram.size()] ^= static_cast<std::uint8_t>(1u << (*change >> 13));
    }
    handle(to, datagram);
  }
  void handle(Side& to, BytesView datagram) {
    const bool was_connected = to.session->state() == DtlsState::connected;
    to.session->handle_datagram(datagram, now_);
    ++occasions_;
    const auto state = to.session->state();
    // Nobody here ever closes, and a failed peer says so with an authentic close.
    const bool peer_failed = other(to).session->state() == DtlsState::failed;
    BRIDGEHALL_CHECK(!was_connected || state == DtlsState::connected || peer_failed);
    BRIDGEHALL_CHECK(state != DtlsState::closed || peer_failed);
  }
  void advance(Duration time) {
    const auto end = now_ + time;
    for (;;) {
      const auto next = std::min(client_.session->next_deadline(), server_.session->next_deadline());
      if (next > end) break;
      now_ = std::max(now_, next);
      for (auto* side : {&client_, &server_}) {
        if (side->session->next_deadline() > now_) continue;
        side->session->handle_timeout(now_);
        BRIDGEHALL_CHECK(side->session->next_deadline() > now_);
        ++occasions_;
      }
      collect();
    }
    now_ = end;
  }
  void handshake_to_the_end() {
    for (int i = 0; i < 40; ++i) {
      deliver(client_, server_, std::nullopt);
      collect();
      deliver(server_, client_, std::nullopt);
      collect();
    }
  }
  void collect() {
    for (auto* side : {&client_, &server_}) {
      std::vector<std::uint8_t> datagram;
      while (side->session->poll_transmit(datagram)) {
        BRIDGEHALL_CHECK(!datagram.empty() && datagram.size() <= 1200);
        ++side->sent_count;
        if (side->sent.size() < 64) side->sent.push_back(datagram);
      }
    }
  }
  void check() const {
    const auto& ours = client_.session->keys();
    const auto& theirs = server_.session->keys();
    if (ours && theirs) {
      BRIDGEHALL_CHECK(ours->suite == theirs->suite && ours->local.master_key == theirs->remote.master_key &&
                       ours->remote.master_key == theirs->local.master_key);
    }
    for (const auto* side : {&client_, &server_}) {
      BRIDGEHALL_CHECK(side->session->keys().has_value() == (side->session->state() == DtlsState::connected) ||
                       side->session->state() == DtlsState::closed);
      BRIDGEHALL_CHECK(side->sent_count <= kMaxFlight * (occasions_ + 1));
    }
  }
  const Side& other(const Side& side) const { return &side == &client_ ? server_ : client_; }

  Side client_, server_;
  TimePoint now_{1s};
  std::size_t occasions_ = 0;  // to send something: datagrams and timeouts
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader input({data, size});
  World world;
  for (int i = 0; i < 200 && input.ok() && !input.at_end(); ++i) world.run(input);
  return 0;
}

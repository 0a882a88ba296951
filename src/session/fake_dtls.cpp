#include "session/fake_dtls.h"

#include <algorithm>
#include <deque>

namespace bridgehall::session {

namespace {

using crypto::DtlsRole;
using crypto::DtlsState;

// Record types of TLS, so that classify_datagram() sees DTLS.
constexpr std::uint8_t kAlert = 21;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint16_t kVersion = 0xfefd;
constexpr std::size_t kDigestSize = 32;
constexpr Duration kFirstTimeout = 100ms;
constexpr Duration kLongestTimeout = 1'600ms;

// client_hello →, ← server_hello, client_finished →, ← server_finished. The client alone has a timer: it repeats what
// has no answer yet, and the server answers a repetition as it did before.
enum class Step : std::uint8_t { client_hello = 1, server_hello, client_finished, server_finished, close_notify };

// One datagram: record type, version, step, both randoms, the sender's digest, a checksum of all before.
struct Message {
  Step step{};
  std::uint64_t client_random = 0;
  std::uint64_t server_random = 0;
  std::array<std::uint8_t, kDigestSize> digest{};
};
constexpr std::size_t kMessageSize = 1 + 2 + 1 + 8 + 8 + kDigestSize + 8;

std::uint64_t checksum(BytesView bytes) {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const auto byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

std::vector<std::uint8_t> encode(const Message& message) {
  std::vector<std::uint8_t> datagram(kMessageSize);
  ByteWriter writer{datagram};
  writer.u8(message.step == Step::close_notify ? kAlert : kHandshake);
  writer.u16(kVersion);
  writer.u8(static_cast<std::uint8_t>(message.step));
  writer.u64(message.client_random);
  writer.u64(message.server_random);
  writer.bytes(message.digest);
  writer.u64(checksum(writer.written()));
  return datagram;
}

std::optional<Message> decode(BytesView datagram) {
  if (datagram.size() != kMessageSize) return std::nullopt;
  ByteReader reader{datagram};
  reader.skip(3);
  Message message;
  message.step = static_cast<Step>(reader.u8());
  message.client_random = reader.u64();
  message.server_random = reader.u64();
  std::ranges::copy(reader.bytes(kDigestSize), message.digest.begin());
  if (reader.u64() != checksum(datagram.first(kMessageSize - 8))) return std::nullopt;
  return message;
}

class FakeDtlsSession final : public crypto::DtlsSession {
 public:
  FakeDtlsSession(DtlsRole role, crypto::SrtpSuite suite, const crypto::Fingerprint& local,
                  crypto::Fingerprint expected_peer, std::uint64_t random)
      : role_(role), suite_(suite), expected_peer_(std::move(expected_peer)) {
    (role == DtlsRole::client ? client_random_ : server_random_) = random;
    std::ranges::copy(local.digest, digest_.begin());
  }

  void start(TimePoint now) override {
    if (role_ == DtlsRole::client) begin(Step::client_hello, now);
  }

  void handle_datagram(BytesView datagram, TimePoint now) override {
    const auto message = decode(datagram);
    const bool understood = message && state_ != DtlsState::failed && state_ != DtlsState::closed &&
                            (role_ == DtlsRole::client ? client_takes(*message, now) : server_takes(*message));
    if (!understood) ++dropped_;
  }

  bool poll_transmit(std::vector<std::uint8_t>& out) override {
    if (outgoing_.empty()) return false;
    out = std::move(outgoing_.front());
    outgoing_.pop_front();
    return true;
  }

  TimePoint next_deadline() const override { return deadline_; }
  void handle_timeout(TimePoint now) override {
    if (now < deadline_) return;
    send(step_);
    timeout_ = std::min(timeout_ * 2, kLongestTimeout);
    deadline_ = now + timeout_;
  }

  DtlsState state() const override { return state_; }
  const std::optional<crypto::SrtpKeys>& keys() const override { return keys_; }
  std::uint64_t dropped() const override { return dropped_; }

  void close() override {
    if (state_ == DtlsState::connected) send(Step::close_notify);
    end(DtlsState::closed);
  }

 private:
  bool client_takes(const Message& message, TimePoint now) {
    if (message.client_random != client_random_) return false;
    if (message.step == Step::server_hello && step_ == Step::client_hello) {
      server_random_ = message.server_random;
      if (!is_expected_peer(message)) return true;
      begin(Step::client_finished, now);
      return true;
    }
    if (message.step == Step::server_hello) return true;  // answered already; our timer repeats the answer
    if (message.server_random != server_random_ || step_ != Step::client_finished) return false;
    if (message.step == Step::server_finished) {
      connect();
      return true;
    }
    return takes_close(message);
  }

  bool server_takes(const Message& message) {
    if (message.step == Step::client_hello) {
      if (client_random_ == 0) client_random_ = message.client_random;
      if (client_random_ != message.client_random) return false;
      if (state_ == DtlsState::handshaking) send(Step::server_hello);
      return true;
    }
    if (message.client_random != client_random_ || message.server_random != server_random_) return false;
    if (message.step == Step::client_finished) {
      if (!is_expected_peer(message)) return true;
      connect();
      send(Step::server_finished);
      return true;
    }
    return takes_close(message);
  }

  bool takes_close(const Message& message) {
    if (message.step != Step::close_notify || state_ != DtlsState::connected) return false;
    end(DtlsState::closed);
    return true;
  }

  bool is_expected_peer(const Message& message) {
    if (std::ranges::equal(message.digest, expected_peer_.digest)) return true;
    end(DtlsState::failed);
    return false;
  }

  void begin(Step step, TimePoint now) {
    step_ = step;
    timeout_ = kFirstTimeout;
    deadline_ = now + timeout_;
    send(step);
  }

  void send(Step step) { outgoing_.push_back(encode({step, client_random_, server_random_, digest_})); }

  void connect() {
    if (state_ == DtlsState::connected) return;
    state_ = DtlsState::connected;
    deadline_ = kNever;
    SeededRandom expand{client_random_ ^ (server_random_ * 0x9e3779b97f4a7c15u)};
    crypto::SrtpKey client_key, server_key;
    for (auto* key : {&client_key, &server_key}) {
      expand.fill(key->master_key);
      expand.fill(key->master_salt);
    }
    const bool client = role_ == DtlsRole::client;
    keys_ = {suite_, client ? client_key : server_key, client ? server_key : client_key};
  }

  void end(DtlsState state) {
    state_ = state;
    deadline_ = kNever;
  }

  const DtlsRole role_;
  const crypto::SrtpSuite suite_;
  const crypto::Fingerprint expected_peer_;
  std::array<std::uint8_t, kDigestSize> digest_{};
  std::uint64_t client_random_ = 0;
  std::uint64_t server_random_ = 0;
  DtlsState state_ = DtlsState::handshaking;
  std::optional<crypto::SrtpKeys> keys_;
  Step step_{};  // client: what waits for its answer
  TimePoint deadline_ = kNever;
  Duration timeout_ = kFirstTimeout;
  std::deque<std::vector<std::uint8_t>> outgoing_;
  std::uint64_t dropped_ = 0;
};

}  // namespace

FakeDtlsFactory::FakeDtlsFactory(std::uint64_t seed, crypto::SrtpSuite suite) : random_(seed), suite_(suite) {
  fingerprint_.algorithm = "sha-256";
  fingerprint_.digest.resize(kDigestSize);
  random_.fill(fingerprint_.digest);
}

std::unique_ptr<crypto::DtlsSession> FakeDtlsFactory::make_session(DtlsRole role, crypto::Fingerprint expected_peer) {
  return std::make_unique<FakeDtlsSession>(role, suite_, fingerprint_, std::move(expected_peer), random_.u64());
}

}  // namespace bridgehall::session

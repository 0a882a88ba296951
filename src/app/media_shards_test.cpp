// The shards on their threads, with real sockets and handshakes: a conference of 50 in which people join, leave and
// roam. Made for the thread sanitizer; what a conference does is tested in virtual time elsewhere.
#include "app/media_shards.h"

#include <array>
#include <functional>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "io/clock.h"
#include "io/poller.h"

namespace bridgehall::app {
namespace {

using media::PeerId;
using media::PublicationId;

constexpr std::size_t kPeople = 50;
constexpr std::size_t kShards = 3;
constexpr std::uint8_t kVideoType = 96, kRtxType = 97, kAudioType = 111;
constexpr std::size_t kSlots = 3;
constexpr media::RoomId kRoom{2};
const IpAddress kLoopback = IpAddress::v4(127, 0, 0, 1);

session::NegotiatedTrack track(wire::MediaKind kind) {
  session::NegotiatedTrack result{.mid = kind == wire::MediaKind::video ? "v" : "a", .kind = kind};
  if (kind == wire::MediaKind::video)
    result.codec = {.codec = wire::Codec::vp8, .payload_type = kVideoType, .rtx_payload_type = kRtxType, .pli = true};
  else
    result.codec = {.codec = wire::Codec::opus, .payload_type = kAudioType};
  return result;
}

PublicationId camera_of(std::uint32_t person) { return PublicationId{1 + 2 * person}; }
PublicationId microphone_of(std::uint32_t person) { return PublicationId{2 + 2 * person}; }

// Somebody who sends a picture and a voice, and watches three others.
class Person {
 public:
  Person(std::uint32_t number, PeerId peer, crypto::DtlsFactory& dtls, const session::IceCredentials& server,
         const crypto::Fingerprint& fingerprint, std::uint16_t port)
      : number_(number), peer_(peer), random_(peer.value()), local_(session::make_ice_credentials(random_)) {
    open_socket();
    transport_ =
        std::make_unique<session::Transport>(session::TransportConfiguration{.role = session::TransportRole::client,
                                                                             .local = local_,
                                                                             .remote = server,
                                                                             .remote_fingerprint = fingerprint,
                                                                             .remote_candidate = {kLoopback, port}},
                                             dtls, random_, io::read_clock());
  }

  PeerId peer() const { return peer_; }
  std::uint32_t number() const { return number_; }
  const session::IceCredentials& credentials() const { return local_; }
  std::size_t received() const { return received_; }
  void forget_received() { received_ = 0; }
  bool connected() const { return transport_->connected(); }

  // Another address, as after a change of networks.
  void roam(TimePoint now) {
    open_socket();
    transport_->recheck_path(now);
  }

  void turn(TimePoint now) {
    std::array<ReceivedDatagram, 16> datagrams;
    std::array<MutableBytes, 16> buffers;
    for (std::size_t i = 0; i < buffers.size(); ++i) buffers[i] = buffer_[i];
    for (std::size_t count = buffers.size(); count == buffers.size();) {
      count = socket_->receive(buffers, datagrams);
      for (std::size_t i = 0; i < count; ++i) take(datagrams[i], now);
    }
    if (transport_->next_deadline() <= now) transport_->handle_timeout(now);
    send_transport();
    while (transport_->poll_event()) {
    }
  }

  void send_media(TimePoint now) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    std::array<std::uint8_t, 300> payload{};
    payload[0] = 0x10;  // every frame is a keyframe of one packet
    send({.marker = true,
          .payload_type = kVideoType,
          .sequence_number = sequence_,
          .timestamp = static_cast<std::uint32_t>(milliseconds * 90),
          .ssrc = Ssrc{0x1000}},
         payload);
    send({.payload_type = kAudioType,
          .sequence_number = sequence_,
          .timestamp = static_cast<std::uint32_t>(milliseconds * 48),
          .ssrc = Ssrc{0x1001}},
         BytesView{payload}.first(20 + number_));
    ++sequence_;
  }

 private:
  void open_socket() {
    auto socket = io::UdpSocket::open({.bind_ip = kLoopback});
    BRIDGEHALL_CHECK(socket.has_value());
    socket_.emplace(std::move(*socket));
  }
  void send(const wire::RtpFields& header, BytesView payload) {
    std::array<std::uint8_t, 600> out;
    wire::RtpHeaderWriter writer(out, header, wire::ExtensionForm::none);
    const auto header_size = writer.finish();
    const auto size =
        transport_->sealer().seal_rtp({.header = MutableBytes{out}.first(header_size), .payload = payload}, out);
    send_bytes({{}, transport_->path().remote}, BytesView{out}.first(size));
  }
  void send_transport() {
    for (session::OutgoingDatagram datagram; transport_->poll_transmit(datagram);)
      send_bytes(datagram.path, datagram.bytes);
  }
  void send_bytes(const NetworkPath& path, BytesView bytes) {
    const Train train{path, bytes, bytes.size()};
    socket_->send({&train, 1});
  }
  void take(const ReceivedDatagram& datagram, TimePoint now) {
    const auto kind = wire::classify_datagram(datagram.bytes);
    if (kind == wire::DatagramKind::stun) transport_->handle_stun(datagram.bytes, datagram.path, now);
    if (kind == wire::DatagramKind::dtls) transport_->handle_dtls(datagram.bytes, datagram.path, now);
    received_ += kind == wire::DatagramKind::rtp;
  }

  std::uint32_t number_;
  PeerId peer_;
  SeededRandom random_;
  session::IceCredentials local_;
  std::optional<io::UdpSocket> socket_;
  std::unique_ptr<session::Transport> transport_;
  std::array<std::array<std::uint8_t, 1'600>, 16> buffer_;
  std::uint16_t sequence_ = 1;
  std::size_t received_ = 0;
};

class MediaShardsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto dtls = std::make_unique<crypto::OpenSslDtlsFactory>();
    fingerprint_ = dtls->local_fingerprint();
    const auto free = io::UdpSocket::open({});
    ASSERT_TRUE(free);
    port_ = free->port();
  }
  void start() {
    auto dtls = std::make_unique<crypto::OpenSslDtlsFactory>();
    fingerprint_ = dtls->local_fingerprint();
    auto core = MediaShards::start({.shards = kShards, .media_port = port_}, std::move(dtls));
    ASSERT_TRUE(core) << core.error().message;
    core_ = std::move(*core);
    push(media::AddRoom{kRoom});
    for (std::uint32_t person = 0; person < kPeople; ++person) {
      push(media::AddPublication{camera_of(person), wire::Codec::vp8});
      push(media::AddPublication{microphone_of(person), wire::Codec::opus, kRoom});
      push(media::SetGate{camera_of(person), true});
      push(media::SetGate{microphone_of(person), true});
    }
  }
  void push(media::Command&& command) {
    while (!core_->push(std::move(command))) std::this_thread::yield();
  }
  void join(std::uint32_t number) {
    const PeerId peer{++last_peer_};
    const auto server = session::make_ice_credentials(random_, media::shard_prefix(core_->lightest_shard()));
    auto& person = people_[number] = std::make_unique<Person>(number, peer, client_dtls_, server, fingerprint_, port_);
    auto command = std::make_unique<media::CreatePeer>();
    command->peer = peer;
    command->cname = "test";
    command->room = kRoom;
    command->transport = {
        .local = server, .remote = person->credentials(), .remote_fingerprint = client_dtls_.local_fingerprint()};
    command->incoming = {{camera_of(number), track(wire::MediaKind::video)},
                         {microphone_of(number), track(wire::MediaKind::audio)}};
    command->incoming[0].track.remote_ssrc = Ssrc{0x1000};
    command->incoming[1].track.remote_ssrc = Ssrc{0x1001};
    for (std::uint32_t slot = 0; slot < kSlots; ++slot)
      command->outgoing.push_back({.track = track(wire::MediaKind::video),
                                   .ssrc = Ssrc{0x5000 + slot},
                                   .rtx_ssrc = Ssrc{0x6000 + slot},
                                   .publication = camera_of((number + 1 + slot) % kPeople)});
    for (std::uint8_t place = 0; place < media::kVoicePlaces; ++place)
      command->outgoing.push_back({.track = track(wire::MediaKind::audio),
                                   .ssrc = Ssrc{0x7000u + place},
                                   .use = media::SlotUse::voice,
                                   .voice_place = place});
    push(std::move(command));
  }
  void leave(std::uint32_t number) { push(media::ClosePeer{people_[number]->peer()}); }

  // Everybody sends and receives until `done`, for a minute at most.
  bool run_until(const std::function<bool()>& done) {
    io::Poller pause;
    auto now = io::read_clock();
    const auto limit = now + 60s;
    for (auto next = now; now < limit; now = io::read_clock()) {
      const bool sends = now >= next;
      if (sends) next = now + 20ms;
      for (const auto& [number, person] : people_) {
        person->turn(now);
        if (sends && person->connected()) person->send_media(now);
      }
      while (auto event = core_->pop()) take(std::move(*event));
      if (done()) return true;
      pause.wait(now + 1ms, now);
    }
    return false;
  }
  bool run_until_all_receive() {
    for (const auto& [number, person] : people_) person->forget_received();
    return run_until([&] {
      return std::all_of(people_.begin(), people_.end(),
                         [](const auto& entry) { return entry.second->received() >= 3 * kSlots; });
    });
  }
  media::ShardCounters read_counters() {
    counters_.reset();
    push(media::ReadCounters{7});
    EXPECT_TRUE(run_until([&] { return counters_ != nullptr; }));
    return counters_ != nullptr ? *counters_ : media::ShardCounters{};
  }
  void take(media::Event&& event) {
    if (auto* counters = std::get_if<std::unique_ptr<media::ShardCounters>>(&event)) counters_ = std::move(*counters);
    closed_ += std::holds_alternative<media::PeerClosed>(event);
  }

  crypto::OpenSslDtlsFactory client_dtls_;
  crypto::Fingerprint fingerprint_;
  SeededRandom random_{1};
  std::uint16_t port_ = 0;
  std::map<std::uint32_t, std::unique_ptr<Person>> people_;
  std::uint32_t last_peer_ = 0;
  std::size_t closed_ = 0;
  std::unique_ptr<media::ShardCounters> counters_;
  std::unique_ptr<MediaShards> core_;
};

TEST_F(MediaShardsTest, FiftyJoinLeaveAndRoamAndAlwaysSeeEachOther) {
  start();
  ASSERT_NE(core_, nullptr);
  for (std::uint32_t person = 0; person < kPeople; ++person) join(person);
  ASSERT_TRUE(run_until_all_receive());
  for (std::uint32_t round = 0; round < 6; ++round) {
    for (std::uint32_t person = round; person < kPeople; person += 10) {
      leave(person);
      join(person);  // at another shard, as like as not
      people_[(person + 5) % kPeople]->roam(io::read_clock());
      push(media::SetGate{camera_of((person + 3) % kPeople), false});
      push(media::SetGate{camera_of((person + 3) % kPeople), true});
      push(media::SetVoiceRank{microphone_of(person), media::VoiceRank::stage});
    }
    ASSERT_TRUE(run_until_all_receive()) << "round " << round;
  }
  ASSERT_TRUE(run_until([&] { return closed_ >= 6 * kPeople / 10; }));
  const auto counters = read_counters();
  EXPECT_EQ(counters.peers, kPeople);
  EXPECT_GT(counters.packets_mirrored, 0u);
  EXPECT_GT(counters.datagrams_handed_over, 0u);
}

TEST_F(MediaShardsTest, APortThatAnotherServerHasIsRefusedInWords) {
  start();
  ASSERT_NE(core_, nullptr);
  const auto second =
      MediaShards::start({.shards = kShards, .media_port = port_}, std::make_unique<crypto::OpenSslDtlsFactory>());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(std::to_string(port_)), std::string::npos);
}

}  // namespace
}  // namespace bridgehall::app

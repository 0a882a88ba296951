// A whole shard: the input is a sequence of operations by a publisher, two viewers, participants with simulcast, voices
// and slots, and strangers: datagrams, authentic ones of any content, commands, time. Checked all along: trains keep
// their shape, nothing goes to an address that no check has validated, nothing of a closed publication leaves, no SRTP
// index is used twice, time goes on.
#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/check.h"
#include "base/sequence.h"
#include "media/shard_testing.h"

namespace bridgehall::media {
namespace {

using testing::kAudio;
using testing::kVideo;
using testing::TestClient;

constexpr std::size_t kMostOperations = 200;
constexpr std::size_t kMostClients = 8;

// What participants send: 3 and 4 are pictures, 5 and 6 voices of a room.
constexpr RoomId kRoom{1};
constexpr std::uint32_t kPublications = 6;
constexpr bool is_audio(PublicationId id) { return id == kAudio || id.value() >= 5; }
constexpr std::uint8_t kMidId = 1, kRidId = 2, kRepairedRidId = 3, kLevelId = 4, kTransportId = 5;
constexpr std::array<std::string_view, 3> kRids{"l", "m", "h"};

class Harness {
 public:
  // Few slots, so that an input can exhaust them.
  explicit Harness(BytesView input) : in_(input), room_({.packet_slots = 160}) {
    room_.on_train = [this](const Train& train) { check_train(train); };
    room_.shard.handle_command(AddPublication{kVideo, wire::Codec::vp8}, room_.now);
    room_.shard.handle_command(AddPublication{kAudio, wire::Codec::opus}, room_.now);
    room_.shard.handle_command(AddRoom{kRoom}, room_.now);
    for (std::uint32_t id = 3; id <= kPublications; ++id) add_publication(PublicationId{id});
    set_gate(kVideo, true);
    set_gate(kAudio, true);
    join(testing::publisher_command(PeerId{1}));
    join(testing::viewer_command(PeerId{2}));
    join(testing::viewer_command(PeerId{3}));
  }

  void run() {
    for (std::size_t i = 0; i < kMostOperations && in_.remaining() > 0; ++i) operate(in_.u8());
    room_.pass(1s);
    for (const auto& client : room_.clients) room_.shard.handle_command(ClosePeer{client->peer}, room_.now);
    room_.turn();
    BRIDGEHALL_CHECK(room_.shard.counters().peers == 0);
  }

 private:
  void operate(std::uint8_t operation) {
    if (operation >= 240) return operate_conference(operation - 240);
    switch (operation % 12) {
      case 0:
        return room_.deliver(any_path(), take_bytes());
      case 1:
        return send_media(false);
      case 2:
        return send_media(true);
      case 3:
        return send_control();
      case 4:
        return room_.turn();
      case 5:
        return pass(std::chrono::milliseconds(in_.u8()));
      case 6:
        return pass(std::chrono::seconds(in_.u8() % 40));
      case 7:
        return set_gate(in_.u8() % 2 ? kVideo : kAudio, in_.u8() % 2);
      case 8:
        return change_peer();
      case 9:
        return send_frame();
      case 10:
        return change_publication();
      default:
        return ask();
    }
  }

  void operate_conference(int operation) {
    switch (operation % 8) {
      case 0:
        slots_changed_ = true;
        return room_.shard.handle_command(FillSlot{.peer = any_client().peer,
                                                   .slot = static_cast<SlotNumber>(in_.u8() % 8),
                                                   .publication = any_publication(),
                                                   .payload_type = testing::kVideoType,
                                                   .rtx_payload_type = testing::kVideoRtxType,
                                                   .layer = static_cast<std::uint8_t>(in_.u8() % 4)},
                                          room_.now);
      case 1:
        return room_.shard.handle_command(EmptySlot{any_client().peer, static_cast<SlotNumber>(in_.u8() % 8)},
                                          room_.now);
      case 2:
        return room_.shard.handle_command(SetVoiceRank{any_publication(), static_cast<VoiceRank>(in_.u8() % 3)},
                                          room_.now);
      case 3:
        if (in_.u8() % 4 == 0) room_.shard.handle_command(RemoveRoom{kRoom}, room_.now);
        return room_.shard.handle_command(AddRoom{kRoom}, room_.now);
      case 4:
        if (room_.clients.size() < kMostClients) join(participant(in_.u8()));
        return;
      case 5:
        return set_gate(any_publication(), in_.u8() % 2);
      case 6:
        return send_encoding();
      default:
        return send_voice();
    }
  }

  PublicationId any_publication() { return PublicationId{1 + in_.u8() % kPublications}; }
  void add_publication(PublicationId id) {
    room_.shard.handle_command(AddPublication{id, is_audio(id) ? wire::Codec::opus : wire::Codec::vp8, kRoom},
                               room_.now);
  }

  // Sends a picture in up to three encodings and a voice; has four slots, two of the room's lines and whoever leads.
  std::unique_ptr<CreatePeer> participant(std::uint8_t shape) {
    using enum wire::ExtensionKind;
    auto command = std::make_unique<CreatePeer>();
    command->peer = PeerId{static_cast<std::uint32_t>(room_.clients.size() + 1)};
    command->room = kRoom;
    auto picture = testing::video_track();
    picture.extensions[mid] = kMidId;
    picture.extensions[rid] = kRidId;
    picture.extensions[repaired_rid] = kRepairedRidId;
    for (int i = 0; i < shape % 4; ++i) picture.rids.emplace_back(kRids[static_cast<std::size_t>(i)]);
    auto voice = testing::audio_track();
    voice.extensions[audio_level] = kLevelId;
    voice.remote_ssrc = voice_ssrc(command->peer);
    command->incoming = {{PublicationId{3u + (shape >> 2) % 2}, picture},
                         {PublicationId{5u + (shape >> 3) % 2}, voice}};
    const auto base = 0x100000 + command->peer.value() * 256;
    for (std::uint32_t i = 0; i < 7; ++i) {
      const bool sound = i >= 4;
      auto track = sound ? testing::audio_track() : testing::video_track();
      if (shape & 0x80) track.extensions[transport_sequence] = kTransportId;
      command->outgoing.push_back({.track = track,
                                   .ssrc = Ssrc{base + 2 * i},
                                   .rtx_ssrc = Ssrc{base + 2 * i + 1},
                                   .use = sound    ? SlotUse::voice
                                          : i == 0 ? SlotUse::stage
                                                   : SlotUse::tile});
      if (sound) command->outgoing.back().voice_place = static_cast<std::uint8_t>(i - 3);
    }
    return command;
  }
  static Ssrc voice_ssrc(PeerId peer) { return Ssrc{0x4000 + peer.value()}; }

  std::vector<std::uint8_t> extended_header(std::uint8_t payload_type, Ssrc ssrc, bool marker, std::string_view rid,
                                            std::optional<std::uint8_t> level) {
    std::vector<std::uint8_t> header(64);
    wire::RtpHeaderWriter writer(header,
                                 {.marker = marker,
                                  .payload_type = payload_type,
                                  .sequence_number = own_sequence_[ssrc.value()]++,
                                  .timestamp = timestamp_,
                                  .ssrc = ssrc},
                                 in_.u8() % 2 ? wire::ExtensionForm::one_byte : wire::ExtensionForm::two_byte);
    if (!rid.empty()) writer.add(kRidId, {reinterpret_cast<const std::uint8_t*>(rid.data()), rid.size()});
    if (level) writer.add(kLevelId, {&*level, 1});
    header.resize(writer.finish());
    return header;
  }
  void send_encoding() {
    auto& client = any_client();
    if (!client.transport->connected()) return;
    const auto shape = in_.u8();
    const Ssrc ssrc{0x6000 + client.peer.value() * 4 + shape % 3u};
    auto payload = testing::vp8_payload(20 + in_.u8(), true, shape & 0x80);
    if (shape & 0x40) {
      const std::array<std::uint8_t, 7> size{0x9d, 0x01, 0x2a, in_.u8(), 0, 90, 0};
      std::copy(size.begin(), size.end(), payload.begin() + 4);
    }
    room_.send_rtp(client, extended_header(testing::kVideoType, ssrc, shape & 0x20, kRids[shape % 3u], std::nullopt),
                   payload);
    timestamp_ += 90u * in_.u8();
  }
  void send_voice() {
    auto& client = any_client();
    if (!client.transport->connected()) return;
    const auto level = in_.u8();
    room_.send_rtp(client, extended_header(testing::kAudioType, voice_ssrc(client.peer), false, {}, level),
                   std::vector<std::uint8_t>(20 + in_.u8() % 100u, 0x78));
  }

  BytesView take_bytes() { return in_.bytes(std::min<std::size_t>(in_.u8() * 8u + in_.u8() % 8u, in_.remaining())); }
  TestClient& any_client() { return *room_.clients[in_.u8() % room_.clients.size()]; }
  NetworkPath any_path() {
    const auto choice = in_.u8();
    if (choice % 4 == 0) return {testing::kServerIp, {IpAddress::v4(203, 0, 113, choice), 9}};
    return room_.clients[choice % room_.clients.size()]->path;
  }

  void join(std::unique_ptr<CreatePeer> command) {
    auto& client = room_.add_client(std::move(command));
    validated_.insert(client.path.remote);
    room_.connect(client);
  }

  // Whatever bytes as RTP that authenticates: header and payload of the input's choice.
  void send_media(bool rtx) {
    auto& client = any_client();
    if (!client.transport->connected()) return;
    const auto flags = in_.u8();
    auto header = testing::rtp_header(rtx         ? testing::kVideoRtxType
                                      : flags & 1 ? testing::kAudioType
                                                  : testing::kVideoType,
                                      rtx         ? Ssrc{0x1f00}
                                      : flags & 1 ? testing::kAudioSsrc
                                                  : testing::kVideoSsrc,
                                      in_.u16(), in_.u32(), flags & 2);
    if (flags & 4) header[0] |= 0x20;  // padding, as the payload's last byte says
    if (flags & 8) {
      header[0] |= 0x10;
      const auto words = in_.u8() % 16;
      const auto extensions = in_.bytes(std::min<std::size_t>(in_.remaining(), 4u * words));
      const std::uint8_t profile[] = {0xbe, 0xde, 0,
                                      static_cast<std::uint8_t>(flags & 16 ? words + 3 : extensions.size() / 4)};
      header.insert(header.end(), std::begin(profile), std::end(profile));
      header.insert(header.end(), extensions.begin(), extensions.end());
    }
    room_.send_rtp(client, header, take_bytes());
  }

  void send_frame() {
    auto& publisher = *room_.clients.front();
    if (!publisher.transport->connected()) return;
    const auto shape = in_.u8();
    for (unsigned i = 0, count = 1 + shape % 8; i < count; ++i)
      room_.send_rtp(
          publisher,
          testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, sequence_++, timestamp_, i + 1 == count),
          testing::vp8_payload(100 + in_.u8() * 4u, i == 0, shape & 0x80));
    if (shape & 0x40) ++sequence_;  // a loss
    timestamp_ += 3'600;
  }

  void send_control() {
    auto& client = any_client();
    if (!client.transport->connected()) return;
    std::array<std::uint8_t, 2'048> buffer{};
    const auto plain = take_bytes();
    if (plain.size() < 8) return;
    std::copy(plain.begin(), plain.end(), buffer.begin());
    buffer[0] = static_cast<std::uint8_t>(0x80 | (buffer[0] & 0x3f));
    buffer[1] = static_cast<std::uint8_t>(200 + buffer[1] % 8);
    const auto size = client.transport->sealer().seal_rtcp(buffer, plain.size());
    room_.deliver(client.path, BytesView{buffer}.first(size));
  }

  // What a receiver may ask for: repetitions and keyframes of its video.
  void ask() {
    auto& client = any_client();
    if (!client.transport->connected()) return;
    std::array<std::uint8_t, 256> buffer;
    ByteWriter writer(MutableBytes{buffer}.first(200));
    const Ssrc video{0x2001 + client.peer.value() * 4};
    const auto what = in_.u8();
    if (what % 4 == 0) wire::write_pli(writer, Ssrc{5}, video);
    if (what % 4 == 1) wire::write_fir(writer, Ssrc{5}, video, what);
    if (what % 4 >= 2) {
      // Around what it was sent last, and anywhere.
      const auto base =
          what % 4 == 2 ? static_cast<std::uint16_t>(last_sent_[video.value()] - in_.u8() % 64) : in_.u16();
      std::array<std::uint16_t, 40> sequences;
      for (std::uint16_t i = 0; i < sequences.size(); ++i) sequences[i] = static_cast<std::uint16_t>(base + i);
      wire::write_nack(writer, Ssrc{5}, video, sequences);
    }
    const auto size = client.transport->sealer().seal_rtcp(buffer, writer.size());
    room_.deliver(client.path, BytesView{buffer}.first(size));
  }

  void change_peer() {
    const auto what = in_.u8();
    auto& client = any_client();
    if (what % 3 == 0) {
      room_.shard.handle_command(ClosePeer{client.peer}, room_.now);
    } else if (what % 3 == 1 && room_.clients.size() < kMostClients) {
      const PeerId peer{static_cast<std::uint32_t>(room_.clients.size() + 1)};
      if (what & 0x80) sequence_ = in_.u16();
      join(what & 0x40 ? testing::publisher_command(peer) : testing::viewer_command(peer));
    } else {
      const auto local = session::make_ice_credentials(client.random),
                 remote = session::make_ice_credentials(client.random);
      room_.shard.handle_command(RestartIce{client.peer, remote, local}, room_.now);
      client.transport->restart_ice(local, remote, room_.now);
    }
  }

  void change_publication() {
    const auto publication = in_.u8() % 2 ? kVideo : kAudio;
    room_.shard.handle_command(RemovePublication{publication}, room_.now);
    if (in_.u8() % 2)
      room_.shard.handle_command(
          AddPublication{publication, publication == kVideo ? wire::Codec::vp8 : wire::Codec::opus}, room_.now);
    open_[publication.value()] = false;
  }

  void set_gate(PublicationId publication, bool open) {
    room_.shard.handle_command(SetGate{publication, open}, room_.now);
    open_[publication.value()] = open;
  }

  // As the shard's thread would sleep and wake.
  void pass(Duration duration) {
    const auto end = room_.now + duration;
    std::size_t wakes = 0;
    while (room_.shard.next_deadline() < end) {
      room_.now = std::max(room_.now, room_.shard.next_deadline());
      room_.turn();
      BRIDGEHALL_CHECK(++wakes < 100'000);
    }
    room_.now = end;
    room_.turn();
  }

  void check_train(const Train& train) {
    BRIDGEHALL_CHECK(!train.bytes.empty() && train.segment_size > 0);
    BRIDGEHALL_CHECK(train.bytes.size() <= 64 * train.segment_size);
    BRIDGEHALL_CHECK(validated_.contains(train.path.remote));
    for (auto rest = train.bytes; !rest.empty();) {
      const auto segment = rest.first(std::min(rest.size(), train.segment_size));
      rest = rest.subspan(segment.size());
      if (wire::classify_datagram(segment) == wire::DatagramKind::rtp) check_media(segment);
    }
  }

  void check_media(BytesView sealed) {
    const auto ssrc = load_u32(sealed.data() + 8);
    const auto sequence = load_u16(sealed.data() + 2);
    BRIDGEHALL_CHECK(may_leave((sealed[1] & 0x7f) == testing::kAudioType, ssrc));
    const auto last = last_sent_.try_emplace(ssrc, sequence).first;
    const auto index = extend_sequence(last->second, sequence);
    BRIDGEHALL_CHECK(used_.emplace(ssrc, index).second);
    last->second = std::max(last->second, index);
  }

  // Viewers are sent what they were made for, participants whatever of its kind is open.
  bool may_leave(bool audio, std::uint32_t ssrc) const {
    if (ssrc < 0x100000 && !slots_changed_) return open_[audio ? kAudio.value() : kVideo.value()];
    bool any = false;
    for (std::uint32_t id = 1; id <= kPublications; ++id) any |= open_[id] && is_audio(PublicationId{id}) == audio;
    return any;
  }

  ByteReader in_;
  testing::ShardRoom room_;
  std::set<SocketAddress, decltype([](const SocketAddress& a, const SocketAddress& b) {
             return std::pair(a.ip.bytes, a.port) < std::pair(b.ip.bytes, b.port);
           })>
      validated_;
  std::set<std::pair<std::uint32_t, std::int64_t>> used_;
  std::unordered_map<std::uint32_t, std::int64_t> last_sent_;  // the newest, extended
  std::array<bool, kPublications + 1> open_{};
  bool slots_changed_ = false;
  std::unordered_map<std::uint32_t, std::uint16_t> own_sequence_;
  std::uint16_t sequence_ = 1'000;
  std::uint32_t timestamp_ = 90'000;
};

}  // namespace
}  // namespace bridgehall::media

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bridgehall::media::Harness({data, size}).run();
  return 0;
}

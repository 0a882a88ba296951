// A room of test clients that send simulcast and voices and have slots: what each of them received, in clear, by SSRC.
// Built on ShardRoom, for the tests of slots, voices and lines. Not for the program.
#pragma once

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "media/shard_testing.h"

namespace bridgehall::media::testing {

inline constexpr RoomId kRoom{7};
inline constexpr std::uint8_t kMidId = 1, kRidId = 2, kRepairedRidId = 3, kLevelId = 4, kTransportId = 5;

struct ReceivedPacket {
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint8_t payload_type = 0;
  std::uint8_t from = 0;  // what TestSource put into the payload
  bool keyframe = false;
  std::optional<std::uint16_t> transport_sequence;
  std::size_t size = 0;  // as it left
  TimePoint at{};
};

class Conference {
 public:
  // BRIDGEHALL_TEST_SHARDS: the same conferences on so many shards, and nobody may see a difference.
  static std::size_t shards_to_test() {
    const char* text = std::getenv("BRIDGEHALL_TEST_SHARDS");
    return text == nullptr ? 1 : static_cast<std::size_t>(std::atoi(text));
  }

  explicit Conference(std::size_t shards = shards_to_test()) : room({.packet_slots = 4'096}, shards) {
    room.on_train = [this](const Train& train) { take(train); };
    command(AddRoom{kRoom});
  }

  template <class What>
  void command(What&& what) {
    room.command(Command{std::forward<What>(what)});
  }
  TestClient& join(std::unique_ptr<CreatePeer> description) {
    description->room = kRoom;
    auto& client = room.add_client(std::move(description));
    room.connect(client);
    return client;
  }
  // A publication that is open.
  void publish(PublicationId id, wire::Codec codec, bool open = true) {
    command(AddPublication{id, codec, kRoom});
    if (open) command(SetGate{id, true});
  }

  const std::vector<ReceivedPacket>& received(const TestClient& client, Ssrc ssrc) {
    return received_[{client.peer.value(), ssrc.value()}];
  }
  const ReceivedPacket* last(const TestClient& client, Ssrc ssrc) {
    const auto& all = received(client, ssrc);
    return all.empty() ? nullptr : &all.back();
  }
  // RTCP that a client was sent, in clear.
  const std::vector<std::vector<std::uint8_t>>& control(const TestClient& client) {
    return control_[client.peer.value()];
  }
  std::size_t requests(const TestClient& client, Ssrc media) {
    std::size_t count = 0;
    for (const auto& compound : control(client)) {
      wire::RtcpWalk walk(compound);
      for (wire::RtcpPacket packet; walk.next(packet);) {
        Ssrc sender, about;
        count += packet.type == wire::RtcpType::payload_feedback && packet.count_or_format == wire::kFormatPli &&
                 wire::parse_feedback_ssrcs(packet, sender, about) && about == media;
      }
    }
    return count;
  }
  template <class Kind>
  std::vector<Kind> events() const {
    std::vector<Kind> found;
    for (const auto& event : room.events)
      if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
    return found;
  }
  std::uint64_t drops(Drop reason) const { return room.counters().drops[static_cast<std::size_t>(reason)]; }

  template <class Write>
  void send_control(TestClient& client, Write&& write) {
    std::array<std::uint8_t, 1'500> buffer;
    ByteWriter writer(MutableBytes{buffer}.first(1'400));
    write(writer);
    room.deliver(client.path, BytesView{buffer}.first(client.transport->sealer().seal_rtcp(buffer, writer.size())));
  }

  ShardRoom room;

 private:
  void take(const Train& train) {
    for (const auto& client : room.clients) {
      if (client->path.remote != train.path.remote || !client->transport->connected()) continue;
      for (auto rest = train.bytes; !rest.empty();) {
        const auto segment = rest.first(std::min(rest.size(), train.segment_size));
        rest = rest.subspan(segment.size());
        std::vector<std::uint8_t> packet(segment.begin(), segment.end());
        const auto kind = wire::classify_datagram(packet);
        if (kind == wire::DatagramKind::rtp) take_media(*client, packet);
        if (kind == wire::DatagramKind::rtcp) take_control(*client, packet);
      }
    }
  }
  void take_media(TestClient& client, std::vector<std::uint8_t>& packet) {
    const auto size = packet.size();
    const auto header = wire::parse_rtp_header(packet);
    BRIDGEHALL_CHECK(header.has_value());
    const std::pair key{client.peer.value(), header->ssrc.value()};
    const auto opened = client.transport->opener().open_rtp(packet, *header, states_[key]);
    BRIDGEHALL_CHECK(opened.has_value());
    packet.resize(opened->size);
    const auto payload = wire::rtp_payload(packet, *header);
    BRIDGEHALL_CHECK(payload.has_value() && payload->size() >= 3);
    ReceivedPacket result{.sequence = header->sequence_number,
                          .timestamp = header->timestamp,
                          .payload_type = header->payload_type,
                          .from = payload->back(),
                          .keyframe = (*payload)[0] == 0x10 && ((*payload)[1] & 1) == 0,
                          .size = size,
                          .at = room.now};
    wire::for_each_extension(packet, *header, [&](std::uint8_t id, BytesView value) {
      if (id == kTransportId && value.size() == 2) result.transport_sequence = load_u16(value.data());
    });
    received_[key].push_back(result);
  }
  void take_control(TestClient& client, std::vector<std::uint8_t>& packet) {
    const auto opened = client.transport->opener().open_rtcp(packet);
    BRIDGEHALL_CHECK(opened.has_value());
    packet.resize(*opened);
    control_[client.peer.value()].push_back(std::move(packet));
  }

  std::map<std::pair<std::uint32_t, std::uint32_t>, crypto::SrtpReceiveState> states_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<ReceivedPacket>> received_;
  std::map<std::uint32_t, std::vector<std::vector<std::uint8_t>>> control_;
};

// One RTP stream that a client sends. Its packets end in `mark`, so that a receiver can tell whose they are.
struct TestSource {
  Conference& conference;
  TestClient& client;
  Ssrc ssrc;
  std::uint8_t payload_type = 0;
  std::uint8_t mark = 0;
  std::uint32_t timestamp_base = 0;
  std::string mid{}, rid{};
  bool two_byte = false;
  std::uint16_t sequence = 100;

  // The clock of its capture is the shard's.
  std::uint32_t timestamp(std::uint32_t rate) const {
    const auto since = conference.room.now.time_since_epoch();
    return timestamp_base + static_cast<std::uint32_t>(since.count() / 1000 * rate / 1'000'000);
  }
  void send(std::vector<std::uint8_t> payload, std::uint32_t rtp_timestamp, bool marker,
            std::optional<std::uint8_t> level = std::nullopt) {
    payload.back() = mark;
    std::vector<std::uint8_t> header(200);
    const auto form = two_byte                                ? wire::ExtensionForm::two_byte
                      : level || !mid.empty() || !rid.empty() ? wire::ExtensionForm::one_byte
                                                              : wire::ExtensionForm::none;
    wire::RtpHeaderWriter writer(header,
                                 {.marker = marker,
                                  .payload_type = payload_type,
                                  .sequence_number = sequence++,
                                  .timestamp = rtp_timestamp,
                                  .ssrc = ssrc},
                                 form);
    const auto text = [](const std::string& value) {
      return BytesView{reinterpret_cast<const std::uint8_t*>(value.data()), value.size()};
    };
    if (!mid.empty()) writer.add(kMidId, text(mid));
    if (!rid.empty()) writer.add(kRidId, text(rid));
    if (level) writer.add(kLevelId, {&*level, 1});
    header.resize(writer.finish());
    conference.room.send_rtp(client, header, payload);
  }
  // A frame of VP8 in one packet; a keyframe tells its size.
  void send_frame(bool keyframe, std::size_t size = 400, std::uint16_t width = 0) {
    auto payload = vp8_payload(size, true, keyframe);
    if (keyframe && width != 0) {
      const std::array<std::uint8_t, 7> header{
          0x9d, 0x01, 0x2a, static_cast<std::uint8_t>(width), static_cast<std::uint8_t>(width >> 8), 100, 0};
      std::copy(header.begin(), header.end(), payload.begin() + 4);
    }
    send(std::move(payload), timestamp(90'000), true);
  }
  // 20 ms of Opus. `level`: RFC 6464, -127 to 0 dBov.
  void send_audio(int level) {
    send(std::vector<std::uint8_t>(80, 0x78), timestamp(48'000), false,
         static_cast<std::uint8_t>((level > -60 ? 0x80 : 0) | -level));
  }
};

inline session::NegotiatedTrack extended(session::NegotiatedTrack track) {
  using enum wire::ExtensionKind;
  track.extensions[mid] = kMidId;
  track.extensions[rid] = kRidId;
  track.extensions[repaired_rid] = kRepairedRidId;
  track.extensions[audio_level] = kLevelId;
  return track;
}

}  // namespace bridgehall::media::testing

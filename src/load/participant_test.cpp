// Participants against the real shard and the real conference, datagram by datagram in virtual time.
#include "load/participant.h"

#include <algorithm>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "load/recording_testing.h"
#include "media/shard.h"
#include "session/fake_dtls.h"

namespace bridgehall::load {
namespace {

const SocketAddress kServer{IpAddress::v4(192, 0, 2, 1), 8443};
constexpr media::RoomId kRoom{1};

// What web::Pages does for a page, as far as these need it: every sender has a microphone and a camera, and tiles show
// whom they ask for.
class Room {
 public:
  Room() { shard_.handle_command(media::AddRoom{kRoom}, now_); }

  Participant& add(bool sends, std::vector<std::string> seats, int line_kbps = 0) {
    const auto number = static_cast<std::uint16_t>(participants.size());
    ParticipantSettings settings{.token = "t",
                                 .number = number,
                                 .sends = sends,
                                 .tiles = seats.size(),
                                 .line_kbps = line_kbps,
                                 .seats = std::move(seats)};
    participants.push_back(std::make_unique<Participant>(std::move(settings), recording_, client_dtls_, random_,
                                                         NtpOrigin{now_, NtpTime{1}}, now_));
    answer_texts(number);
    return *participants.back();
  }
  static std::string seat(std::size_t number) { return "s" + std::to_string(number); }
  static media::PublicationId camera(std::size_t number) {
    return media::PublicationId{static_cast<std::uint32_t>(10 + 2 * number)};
  }
  static media::PublicationId microphone(std::size_t number) {
    return media::PublicationId{static_cast<std::uint32_t>(11 + 2 * number)};
  }

  void set_stage(std::size_t number) {
    shard_.handle_command(media::SetVoiceRank{microphone(number), media::VoiceRank::stage}, now_);
    for (std::size_t i = 0; i < participants.size(); ++i)
      if (i != number) fill(i, media::kVoicePlaces, number, 2);
  }

  // Steps of 1 ms; what leaves in one step arrives in the next.
  void run(Duration duration) {
    for (const auto end = now_ + duration; now_ < end; now_ += 1ms) {
      for (std::size_t i = 0; i < participants.size(); ++i) {
        auto& participant = *participants[i];
        if (participant.next_deadline() <= now_) participant.handle_timeout(now_, measuring ? &latency : nullptr);
        to_server(participant, i);
      }
      shard_.advance(now_);
      from_server();
    }
  }
  int named = 0, unnamed = 0;  // packets of media that went to the server with and without a mid
  bool lossy = false;
  bool measuring = false;
  LatencyHistogram latency;
  std::vector<std::unique_ptr<Participant>> participants;

 private:
  void answer_texts(std::size_t number) {
    auto& participant = *participants[number];
    for (auto text = participant.poll_text(); text; text = participant.poll_text()) {
      const auto message = messages::parse_client_message(*text);
      ASSERT_TRUE(message) << message.error().message << *text;
      if (std::holds_alternative<messages::Hello>(*message)) {
        participant.handle_text(
            messages::to_json(messages::ServerMessage{messages::Welcome{
                .version = 1, .session = "x", .seat = seat(number), .role = messages::Role::site, .max_tiles = 9}}),
            now_);
      } else if (const auto* joins = std::get_if<messages::Join>(&*message)) {
        join(number, *joins);
      } else if (const auto* demand = std::get_if<messages::Demand>(&*message)) {
        for (const auto& slot : demand->slots)
          if (slot.seat)
            fill(number, static_cast<media::SlotNumber>(slot.slot), std::stoul(slot.seat->substr(1)),
                 static_cast<std::uint8_t>(static_cast<int>(slot.quality) - 1));
      }
    }
  }

  void join(std::size_t number, const messages::Join& join) {
    session::ParticipantTerms terms;
    for (const auto& sent : join.sends) terms.sends.push_back(sent.mid);
    for (std::size_t i = 0; i < join.slots.size(); ++i) {
      const auto base = static_cast<std::uint32_t>(10'000 * (number + 1) + 2 * i);
      terms.slots.push_back({join.slots[i].mid, Ssrc{base}, Ssrc{base + 1}, "s", "t"});
    }
    const session::LocalEnd local{
        session::make_ice_credentials(random_), server_dtls_.local_fingerprint(), {{kServer}}, "2", "bridgehall"};
    auto negotiated = session::answer_participant(join.offer, terms, local);
    ASSERT_TRUE(negotiated) << negotiated.error().message;
    auto peer = std::make_unique<media::CreatePeer>();
    peer->peer = media::PeerId{static_cast<std::uint32_t>(number + 1)};
    peer->transport = {.role = session::TransportRole::server,
                       .local = local.credentials,
                       .remote = negotiated->remote_credentials,
                       .remote_fingerprint = negotiated->remote_fingerprint};
    peer->cname = local.cname;
    peer->room = kRoom;
    for (const auto& track : negotiated->tracks) {
      const bool audio = track.kind == wire::MediaKind::audio;
      const auto publication = audio ? microphone(number) : camera(number);
      shard_.handle_command(media::AddPublication{publication, audio ? wire::Codec::opus : wire::Codec::vp8,
                                                  audio ? kRoom : media::RoomId{}},
                            now_);
      shard_.handle_command(media::SetGate{publication, true}, now_);
      peer->incoming.push_back({publication, track});
    }
    std::uint8_t voice = 0;
    for (std::size_t i = 0; i < negotiated->slots.size(); ++i) {
      const auto& slot = negotiated->slots[i];
      media::OutgoingTrack track{
          .track = {.mid = slot.mid, .kind = slot.kind, .codec = slot.codecs.front(), .extensions = slot.extensions},
          .ssrc = terms.slots[i].ssrc,
          .rtx_ssrc = terms.slots[i].rtx_ssrc};
      track.use = slot.kind == wire::MediaKind::audio ? media::SlotUse::voice
                  : i == media::kVoicePlaces          ? media::SlotUse::stage
                                                      : media::SlotUse::tile;
      if (slot.kind == wire::MediaKind::audio) track.voice_place = voice++;
      peer->outgoing.push_back(std::move(track));
    }
    shard_.handle_command(std::move(peer), now_);
    refill();
    messages::Answer answer{.id = join.id, .answer = negotiated->answer};
    for (std::size_t i = 0; i < join.slots.size(); ++i)
      answer.slots.push_back({static_cast<std::uint32_t>(i), join.slots[i].mid, join.slots[i].use});
    participants[number]->handle_text(messages::to_json(messages::ServerMessage{answer}), now_);
  }

  void fill(std::size_t receiver, media::SlotNumber slot, std::size_t sender, std::uint8_t layer) {
    fills_[{receiver, slot}] = {sender, layer};
    refill();
  }
  // Also those whose sender has come since.
  void refill() {
    for (const auto& [where, what] : fills_)
      shard_.handle_command(media::FillSlot{media::PeerId{static_cast<std::uint32_t>(where.first + 1)}, where.second,
                                            camera(what.first), 96, 97, what.second},
                            now_);
  }

  void count_names(BytesView datagram) {
    if (wire::classify_datagram(datagram) != wire::DatagramKind::rtp) return;
    const auto header = wire::parse_rtp_header(datagram);
    ASSERT_TRUE(header);
    bool has_mid = false;
    constexpr auto kMid = static_cast<std::uint8_t>(wire::ExtensionKind::mid) + 1;  // as the offer numbers them
    wire::for_each_extension(datagram, *header, [&](std::uint8_t id, BytesView) { has_mid |= id == kMid; });
    ++(has_mid ? named : unnamed);
  }

  void to_server(Participant& participant, std::size_t number) {
    for (session::OutgoingDatagram datagram; participant.poll_transmit(datagram);) {
      count_names(datagram.bytes);
      const auto buffer = shard_.receive_buffers()[0];
      ASSERT_LE(datagram.bytes.size(), buffer.size());
      std::copy(datagram.bytes.begin(), datagram.bytes.end(), buffer.begin());
      const ReceivedDatagram received{
          {kServer.ip, {IpAddress::v4(192, 0, 2, 9), static_cast<std::uint16_t>(1000 + number)}},
          buffer.first(datagram.bytes.size()),
          datagram.bytes.size(),
          false};
      shard_.handle_datagrams({&received, 1}, now_);
    }
  }

  void from_server() {
    for (auto trains = shard_.poll_transmit(now_); !trains.empty(); trains = shard_.poll_transmit(now_))
      for (const auto& train : trains)
        for (std::size_t at = 0; at < train.bytes.size(); at += train.segment_size) {
          const auto piece = train.bytes.subspan(at, std::min(train.segment_size, train.bytes.size() - at));
          std::vector<std::uint8_t> bytes(piece.begin(), piece.end());
          const bool media = wire::classify_datagram(bytes) == wire::DatagramKind::rtp;
          if (media && lossy && random_.chance(0.01)) continue;
          participants[train.path.remote.port - 1000u]->handle_datagram(bytes, {{}, kServer}, now_, now_,
                                                                        measuring ? &latency : nullptr);
        }
  }

  std::map<std::pair<std::size_t, media::SlotNumber>, std::pair<std::size_t, std::uint8_t>> fills_;
  Recording recording_ = testing::small_recording();
  TimePoint now_{Duration{1s}};
  SeededRandom random_{1};
  session::FakeDtlsFactory client_dtls_{2};
  session::FakeDtlsFactory server_dtls_{3};
  media::Shard shard_{{.max_peers = 64, .packet_slots = 16'384, .ntp = {TimePoint{Duration{1s}}, NtpTime{1}}},
                      server_dtls_,
                      random_,
                      now_};
};

const SlotReceiver& stage_of(const Participant& participant) { return *participant.stage(); }
std::uint64_t wrong(const SlotCounters& c) {
  return c.picture_breaks + c.dirty_switches + c.undecryptable + c.duplicates;
}

TEST(Participants, SeeEachOtherInTheLayerThatTheyAskForAndNothingIsBroken) {
  Room room;
  for (std::size_t i = 0; i < 3; ++i) room.add(true, {Room::seat((i + 1) % 3), Room::seat((i + 2) % 3)});
  room.run(1s);
  room.measuring = true;
  room.run(4s);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& participant = *room.participants[i];
    ASSERT_TRUE(participant.connected());
    EXPECT_FALSE(participant.ended());
    for (std::size_t tile = 0; tile < 2; ++tile) {
      const auto& slot = participant.slots()[media::kVoicePlaces + 1 + tile];
      ASSERT_TRUE(slot.shown());
      EXPECT_EQ(slot.shown()->sender, (i + 1 + tile) % 3);
      EXPECT_EQ(slot.shown()->layer, 0);
      EXPECT_GT(slot.counters().frames, 100u);
    }
    const auto counters = participant.received();
    EXPECT_EQ(wrong(counters), 0u);
    EXPECT_EQ(counters.expected, counters.received);
  }
  EXPECT_LE(room.latency.percentile(0.99), 20ms);
}

TEST(Participants, TheStageIsSwitchedWithAKeyframeWithinASecond) {
  Room room;
  for (std::size_t i = 0; i < 3; ++i) room.add(true, {});
  auto& watcher = room.add(false, {});
  room.run(1s);
  for (const std::uint16_t stage : {0, 1, 2, 0}) {
    room.set_stage(stage);
    room.run(1s);
    ASSERT_TRUE(stage_of(watcher).shown());
    EXPECT_EQ(stage_of(watcher).shown()->sender, stage);
    EXPECT_EQ(stage_of(watcher).shown()->layer, 2);
  }
  EXPECT_EQ(wrong(watcher.received()), 0u);
  EXPECT_GE(stage_of(watcher).counters().switches, 3u);
}

TEST(Participants, WhoSpeaksIsHeardByAll) {
  Room room;
  for (std::size_t i = 0; i < 5; ++i) room.add(true, {});
  auto& watcher = room.add(false, {});
  room.run(2s);
  room.participants[1]->speak(true);
  room.participants[4]->speak(true);
  room.run(3s);
  std::vector<std::uint16_t> heard;
  for (const auto& slot : watcher.slots())
    if (slot.use() == media::SlotUse::voice && slot.shown()) heard.push_back(slot.shown()->sender);
  EXPECT_NE(std::find(heard.begin(), heard.end(), 1), heard.end());
  EXPECT_NE(std::find(heard.begin(), heard.end(), 4), heard.end());
  EXPECT_EQ(watcher.received().undecryptable, 0u);
}

TEST(Participants, PacketsAreNamedOnlyUntilTheServerHasReportedOnTheirStream) {
  Room room;
  room.add(true, {});
  room.run(50ms);
  EXPECT_GT(room.named, 0);
  EXPECT_EQ(room.unnamed, 0);
  room.run(3s);
  room.named = 0;
  room.run(1s);
  EXPECT_EQ(room.named, 0);
  EXPECT_GT(room.unnamed, 100);
}

TEST(Participants, AWeakLineLosesButWhatComesThroughIsWhole) {
  Room room;
  for (std::size_t i = 0; i < 3; ++i) room.add(true, {});
  auto& weak = room.add(false, {Room::seat(0), Room::seat(1), Room::seat(2)}, 300);
  room.set_stage(0);
  room.run(6s);
  ASSERT_TRUE(weak.connected());
  EXPECT_GT(weak.lost_on_line(), 0u);
  EXPECT_EQ(weak.received().undecryptable, 0u);
  EXPECT_EQ(weak.received().dirty_switches, 0u);
  std::uint64_t sounds = 0;
  for (const auto& slot : weak.slots()) sounds = std::max(sounds, slot.counters().sounds);
  EXPECT_GT(sounds, 150u);
}

TEST(Participants, LostPicturesAreAskedForAndNothingStaysBroken) {
  Room room;
  room.add(true, {});
  auto& watcher = room.add(false, {Room::seat(0)});
  room.run(1s);
  room.lossy = true;
  room.run(4s);
  room.lossy = false;
  room.run(500ms);
  const auto counters = watcher.received();
  EXPECT_GT(counters.nacked, 0u);
  EXPECT_GT(counters.retransmissions, 0u);
  EXPECT_EQ(counters.dirty_switches, 0u);
  EXPECT_GT(watcher.slots()[media::kVoicePlaces + 1].counters().frames, 110u);
}

TEST(LineLimit, LetsThroughAtItsRateAndLosesWhatWouldWaitTooLong) {
  LineLimit line(800);  // 100 bytes a millisecond
  const std::vector<std::uint8_t> packet(1000);
  TimePoint now{Duration{1s}};
  for (int i = 0; i < 50; ++i) line.push(packet, {}, now);
  EXPECT_EQ(line.lost(), 19u);  // 30 wait up to 300 ms, and one that begins right then
  EXPECT_FALSE(line.pop(now + 9ms));
  int through = 0;
  for (; now < TimePoint{Duration{1s + 150ms}}; now += 1ms) through += line.pop(now).has_value();
  EXPECT_EQ(through, 14);
  EXPECT_GT(line.next_deadline(), now - 1ms);
}

}  // namespace
}  // namespace bridgehall::load

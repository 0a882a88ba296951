// Voices: who of a room is heard in its lines, and what a change of speaker does to those who listen.
#include "media/voices.h"

#include <bit>
#include <set>

#include <gtest/gtest.h>

#include "media/conference_testing.h"

namespace bridgehall::media {
namespace {

using testing::Conference;
using testing::ReceivedPacket;
using testing::TestClient;
using testing::TestSource;

constexpr Duration kPacket = 20ms;
constexpr int kSilent = -100, kQuiet = -40, kLoud = -15;

Ssrc line_ssrc(std::uint32_t peer, std::uint32_t place) { return Ssrc{0x6000 + 16 * peer + place}; }

// Participants who send a voice and listen to the three places and to whoever leads.
class VoicesTest : public ::testing::Test {
 protected:
  struct Person {
    TestClient* client = nullptr;
    std::unique_ptr<TestSource> source;
    int level = kSilent;
    bool sends = true;
  };
  Person& add(std::uint32_t number) {
    const PublicationId publication{number};
    conference_.publish(publication, wire::Codec::opus);
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{number};
    description->incoming = {{publication, testing::extended(testing::audio_track())}};
    description->incoming[0].track.remote_ssrc = Ssrc{0x1000 + number};
    for (std::uint8_t place = 0; place <= kLeadPlace; ++place)
      description->outgoing.push_back({.track = testing::audio_track(),
                                       .ssrc = line_ssrc(number, place),
                                       .use = SlotUse::voice,
                                       .voice_place = place});
    auto& person = people_[number];
    person.client = &conference_.join(std::move(description));
    person.source =
        std::make_unique<TestSource>(TestSource{conference_, *person.client, Ssrc{0x1000 + number}, testing::kAudioType,
                                                static_cast<std::uint8_t>(number), number * 777'777'777u});
    return person;
  }
  void run(Duration duration) {
    for (const auto end = conference_.room.now + duration; conference_.room.now < end;) {
      for (auto& [number, person] : people_)
        if (person.sends) person.source->send_audio(person.level);
      for (int i = 0; i < 4; ++i) conference_.room.pass(kPacket / 4);
    }
  }
  const std::vector<ReceivedPacket>& heard(std::uint32_t listener, std::uint8_t place) {
    return conference_.received(*people_[listener].client, line_ssrc(listener, place));
  }
  // Whom the listener hears now, in any place.
  std::set<int> voices(std::uint32_t listener) {
    std::set<int> found;
    for (std::uint8_t place = 0; place < kVoicePlaces; ++place) {
      const auto& packets = heard(listener, place);
      if (!packets.empty() && conference_.room.now - packets.back().at <= 2 * kPacket)
        found.insert(packets.back().from);
    }
    return found;
  }
  VoicesChanged last_change() const { return conference_.events<VoicesChanged>().back(); }

  Conference conference_;
  std::map<std::uint32_t, Person> people_;
};

TEST_F(VoicesTest, TheLoudestThreeAreHeardByAllAndNobodyHearsThemselves) {
  for (std::uint32_t i = 1; i <= 6; ++i) add(i);
  for (std::uint32_t i = 1; i <= 3; ++i) people_[i].level = kLoud;
  run(1s);
  EXPECT_EQ(voices(6), (std::set{1, 2, 3}));
  EXPECT_EQ(voices(1), (std::set{2, 3}));
  EXPECT_EQ(voices(3), (std::set{1, 2}));
  EXPECT_EQ(std::popcount(last_change().speaking), 3);
}

TEST_F(VoicesTest, OnesOwnVoiceLeavesNoGapForWhomeverSpeaksBeforeAndAfter) {
  for (std::uint32_t i = 1; i <= 5; ++i) add(i);
  std::set<std::uint8_t> places_of_own;
  for (const std::uint32_t speaker : {1, 2, 3, 4, 5, 1, 2, 3, 4, 5}) {
    for (auto& [number, person] : people_) person.level = number == speaker ? kLoud : kSilent;
    run(1'500ms);
  }
  for (std::uint32_t listener = 1; listener <= 5; ++listener) {
    for (std::uint8_t place = 0; place <= kLeadPlace; ++place) {
      const auto& packets = heard(listener, place);
      for (std::size_t i = 0; i < packets.size(); ++i) {
        EXPECT_NE(packets[i].from, listener);
        if (i == 0) continue;
        EXPECT_EQ(static_cast<std::uint16_t>(packets[i].sequence - packets[i - 1].sequence), 1u);
        const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(packets[i].at - packets[i - 1].at);
        EXPECT_NEAR(static_cast<double>(packets[i].timestamp - packets[i - 1].timestamp),
                    static_cast<double>(elapsed.count() * 48), 48 * 10);
      }
    }
  }
}

TEST_F(VoicesTest, AChangeOfSpeakerIsOneStepOfTheElapsedTime) {
  for (std::uint32_t i = 1; i <= 5; ++i) add(i);
  for (std::uint32_t i = 1; i <= 3; ++i) people_[i].level = kLoud;
  run(2s);
  people_[1].level = kSilent;
  run(1'500ms);
  people_[4].level = kLoud;
  run(500ms);
  EXPECT_EQ(voices(5), (std::set{2, 3, 4}));
  std::size_t changes = 0;
  for (std::uint8_t place = 0; place < kVoicePlaces; ++place) {
    const auto& packets = heard(5, place);
    for (std::size_t i = 1; i < packets.size(); ++i) {
      changes += packets[i].from != packets[i - 1].from;
      EXPECT_EQ(static_cast<std::uint16_t>(packets[i].sequence - packets[i - 1].sequence), 1u);
      EXPECT_LE(packets[i].at - packets[i - 1].at, 2 * kPacket);
      EXPECT_NEAR(static_cast<double>(packets[i].timestamp - packets[i - 1].timestamp), 48 * 20, 48 * 10);
    }
  }
  EXPECT_EQ(changes, 1u);
}

TEST_F(VoicesTest, TheFirstPacketOfANewSpeakerIsForwarded) {
  add(1);
  add(2);
  run(1s);
  const auto spoke_at = conference_.room.now;
  people_[1].level = kLoud;
  run(100ms);
  std::optional<TimePoint> first;
  for (std::uint8_t place = 0; place < kVoicePlaces; ++place)
    for (const auto& packet : heard(2, place))
      if (packet.at >= spoke_at && (!first || packet.at < *first)) first = packet.at;
  ASSERT_TRUE(first);
  EXPECT_LE(*first - spoke_at, kPacket / 4);
}

TEST_F(VoicesTest, AClosedMicrophoneIsSilentWithTheNextPacketAndNeverChosen) {
  for (std::uint32_t i = 1; i <= 3; ++i) add(i);
  people_[1].level = kLoud;
  run(1s);
  ASSERT_EQ(voices(2).count(1), 1u);
  // One packet has arrived and waits for its burst when the microphone is closed.
  people_[1].source->send_audio(kLoud);
  conference_.command(SetGate{PublicationId{1}, false});
  std::array<std::size_t, 5> before{};
  for (std::uint8_t place = 0; place <= kLeadPlace; ++place) before[place] = heard(2, place).size();
  run(1s);
  std::size_t after = 0;
  for (std::uint8_t place = 0; place <= kLeadPlace; ++place)
    for (std::size_t i = before[place]; i < heard(2, place).size(); ++i) after += heard(2, place)[i].from == 1;
  EXPECT_EQ(after, 0u);
  for (const auto& id : last_change().places) EXPECT_NE(id, PublicationId{1});
  conference_.command(SetGate{PublicationId{1}, true});
  run(200ms);
  EXPECT_EQ(voices(2).count(1), 1u);
}

TEST_F(VoicesTest, TheStageIsInPlace0AndGrantedSpeakersGoFirst) {
  for (std::uint32_t i = 1; i <= 6; ++i) add(i);
  for (std::uint32_t i = 1; i <= 4; ++i) people_[i].level = kLoud;
  people_[5].level = people_[6].level = kQuiet;
  run(1s);
  conference_.command(SetVoiceRank{PublicationId{5}, VoiceRank::granted});
  conference_.command(SetVoiceRank{PublicationId{6}, VoiceRank::stage});
  run(1s);
  EXPECT_EQ(heard(4, 0).back().from, 6);
  EXPECT_EQ(voices(4).count(5), 1u);
  EXPECT_EQ(last_change().places[0], PublicationId{6});
  EXPECT_EQ(heard(4, kLeadPlace).back().from, 6);  // a receiver with one track hears the stage
}

TEST_F(VoicesTest, ARankIsKeptWhileTheMicrophoneIsClosed) {
  add(1);
  add(2);
  conference_.command(SetGate{PublicationId{1}, false});
  conference_.command(SetVoiceRank{PublicationId{1}, VoiceRank::stage});
  run(200ms);
  conference_.command(SetGate{PublicationId{1}, true});
  people_[2].level = kLoud;
  run(500ms);
  EXPECT_EQ(last_change().places[0], PublicationId{1});
}

TEST_F(VoicesTest, TellsOfVoicesAtMostTenTimesASecondAndOnlyOfChanges) {
  for (std::uint32_t i = 1; i <= 8; ++i) add(i);
  for (int i = 0; i < 50; ++i) {
    for (auto& [number, person] : people_) person.level = (i + number) % 4 == 0 ? kLoud : kSilent;
    run(40ms);
  }
  const auto busy = conference_.events<VoicesChanged>().size();
  EXPECT_GT(busy, 1u);
  EXPECT_LE(busy, 21u);
  for (auto& [number, person] : people_) person.level = kSilent;
  run(3s);
  const auto quiet = conference_.events<VoicesChanged>().size();
  EXPECT_EQ(last_change().speaking, 0u);
  run(3s);
  EXPECT_EQ(conference_.events<VoicesChanged>().size(), quiet);
}

TEST_F(VoicesTest, WhoLeavesIsNotHeardAndARemovedRoomIsSilent) {
  for (std::uint32_t i = 1; i <= 3; ++i) add(i);
  people_[1].level = people_[2].level = kLoud;
  run(1s);
  people_[1].sends = false;
  conference_.command(RemovePublication{PublicationId{1}});
  run(100ms);
  EXPECT_EQ(voices(3), (std::set{2}));
  conference_.command(RemoveRoom{testing::kRoom});
  run(100ms);
  EXPECT_EQ(voices(3), (std::set<int>{}));
  EXPECT_EQ(conference_.room.counters().subscriptions, 0u);
  conference_.command(SetGate{PublicationId{2}, false});
  conference_.command(SetGate{PublicationId{2}, true});
  conference_.command(RemovePublication{PublicationId{2}});
  run(100ms);
}

TEST_F(VoicesTest, ASpeakerWhoReconnectsKeepsTheLine) {
  for (std::uint32_t i = 1; i <= 2; ++i) add(i);
  people_[1].level = kLoud;
  run(500ms);
  auto description = std::make_unique<CreatePeer>();
  description->peer = PeerId{9};
  description->incoming = {{PublicationId{1}, testing::extended(testing::audio_track())}};
  description->incoming[0].track.remote_ssrc = Ssrc{0x9009};
  auto& again = conference_.join(std::move(description));
  people_[1].source =
      std::make_unique<TestSource>(TestSource{conference_, again, Ssrc{0x9009}, testing::kAudioType, 1, 99});
  run(500ms);
  EXPECT_EQ(voices(2), (std::set{1}));
  for (std::uint8_t place = 0; place < kVoicePlaces; ++place)
    for (std::size_t i = 1; i < heard(2, place).size(); ++i)
      EXPECT_EQ(static_cast<std::uint16_t>(heard(2, place)[i].sequence - heard(2, place)[i - 1].sequence), 1u);
}

}  // namespace
}  // namespace bridgehall::media

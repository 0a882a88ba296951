#include "media/speaker_selection.h"

#include <algorithm>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::media {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

constexpr TimePoint kStart{100s};
constexpr auto kNobody = std::nullopt;
constexpr std::size_t kVoicePacket = 80;

// RFC 6464: V bit and level in -dBov.
std::uint8_t voice_at(int level) { return static_cast<std::uint8_t>(0x80 | level); }
constexpr std::uint8_t kSilent = 127;

// A room in virtual time: everyone sends a packet each 20 ms.
class Room {
 public:
  Voice join(VoiceRank rank = VoiceRank::open) {
    const auto voice = *selection.add(PublicationIndex{next_publication_++});
    if (rank != VoiceRank::open) selection.set_rank(voice, rank);
    levels[voice] = kSilent;
    return voice;
  }
  void leave(Voice voice) {
    selection.remove(voice);
    levels.erase(voice);
  }
  void speak(Voice voice, int level = 25) { levels[voice] = voice_at(level); }
  void hush(Voice voice) { levels[voice] = kSilent; }

  // How many times the places changed.
  int run(Duration time) {
    int changes = 0;
    for (const auto end = now + time; now < end; now += 20ms) {
      for (const auto& [voice, level] : levels) selection.on_audio(voice, level, kVoicePacket, now);
      changes += selection.update(now);
    }
    return changes;
  }
  bool hears(Voice voice) const {
    return std::find(selection.places().begin(), selection.places().end(), voice) != selection.places().end();
  }

  SpeakerSelection selection;
  std::map<Voice, std::uint8_t> levels;
  TimePoint now = kStart;

 private:
  std::uint32_t next_publication_ = 0;
};

struct FullRoom : Room {
  FullRoom() {
    speak(a), speak(b), speak(c);
    run(2s);
  }
  Voice a = join(), b = join(), c = join(), d = join();
};

TEST(SpeakerSelection, HearsTheFirstPacketOfWhoSpeaksIntoAFreePlace) {
  Room room;
  const auto a = room.join(), b = room.join();
  room.run(1s);
  EXPECT_THAT(room.selection.places(), ElementsAre(kNobody, kNobody, kNobody));
  room.speak(b);
  EXPECT_EQ(room.run(20ms), 1);
  EXPECT_THAT(room.selection.places(), ElementsAre(kNobody, Optional(b), kNobody));
  room.speak(a);
  room.run(20ms);
  EXPECT_THAT(room.selection.places(), ElementsAre(kNobody, Optional(b), Optional(a)));
  EXPECT_EQ(room.selection.publication(b), PublicationIndex{1});
}

TEST(SpeakerSelection, KeepsTheFirstPlaceForTheStageWhileTwoOthersSpeak) {
  Room room;
  const auto stage = room.join(VoiceRank::stage);
  room.run(20ms);
  EXPECT_THAT(room.selection.places(), ElementsAre(Optional(stage), kNobody, kNobody));
  for (int i = 0; i < 2; ++i) room.speak(room.join(VoiceRank::granted), 5);
  room.run(30s);
  EXPECT_EQ(room.selection.places()[0], stage);
  EXPECT_EQ(room.selection.speaking(room.now), 0b110);
}

TEST(SpeakerSelection, LendsAQuietStagesPlaceToAThirdSpeakerUntilItsNextWord) {
  Room room;
  const auto stage = room.join(VoiceRank::stage);
  room.run(2s);
  for (int i = 0; i < 10; ++i) room.speak(room.join(VoiceRank::granted), 5);
  room.run(100ms);
  EXPECT_EQ(room.selection.speaking(room.now), 0b111);
  EXPECT_FALSE(room.hears(stage));
  room.speak(stage);
  room.run(20ms);
  EXPECT_EQ(room.selection.places()[0], stage);
  room.run(30s);
  EXPECT_EQ(room.selection.places()[0], stage) << "as long as it speaks";
}

TEST(SpeakerSelection, LendsTheFirstPlaceWhileTheStageSendsNothing) {
  Room room;
  const auto stage = room.join(VoiceRank::stage);
  const auto a = room.join(), b = room.join(), c = room.join();
  room.run(1s);
  room.levels.erase(stage);
  room.speak(a), room.speak(b), room.speak(c, 35);
  room.run(4s);
  EXPECT_EQ(room.selection.places()[0], c);
  room.speak(stage);
  room.run(20ms);
  EXPECT_EQ(room.selection.places()[0], stage);
  EXPECT_TRUE(room.hears(a) && room.hears(b)) << "the least loud one had to go";
}

TEST(SpeakerSelection, MovesANewStageFromItsPlaceAndKeepsTheOldOne) {
  Room room;
  const auto a = room.join(VoiceRank::stage), b = room.join();
  room.speak(a), room.speak(b);
  room.run(1s);
  ASSERT_THAT(room.selection.places(), ElementsAre(Optional(a), Optional(b), kNobody));
  room.selection.set_rank(b, VoiceRank::stage);
  EXPECT_EQ(room.selection.next_deadline(), TimePoint{});
  EXPECT_TRUE(room.selection.update(room.now));
  EXPECT_THAT(room.selection.places(), ElementsAre(Optional(b), Optional(a), kNobody));
}

TEST(SpeakerSelection, ForgetsARemovedVoiceAtOnceAndGivesItsPlaceToWhoWaits) {
  FullRoom room;
  room.speak(room.d);
  room.run(1s);
  ASSERT_FALSE(room.hears(room.d));
  room.leave(room.b);
  EXPECT_FALSE(room.hears(room.b));
  EXPECT_TRUE(room.selection.update(room.now));
  EXPECT_TRUE(room.hears(room.d));
}

TEST(SpeakerSelection, FreesThePlaceOfWhoSendsNothingAnyMore) {
  Room room;
  const auto a = room.join();
  room.speak(a);
  room.run(20ms);
  const auto last = room.now - 20ms;
  EXPECT_EQ(room.selection.next_deadline(), last + SpeakerSelection::kTimeout);
  EXPECT_FALSE(room.selection.update(last + SpeakerSelection::kTimeout - 30ms));
  EXPECT_TRUE(room.hears(a));
  EXPECT_TRUE(room.selection.update(last + SpeakerSelection::kTimeout));
  EXPECT_FALSE(room.hears(a));
  EXPECT_EQ(room.selection.next_deadline(), kNever);
}

TEST(SpeakerSelection, SwitchesNothingInSilence) {
  FullRoom room;
  room.hush(room.a), room.hush(room.b), room.hush(room.c);
  EXPECT_EQ(room.run(60s), 0);
  EXPECT_EQ(room.selection.speaking(room.now), 0);
  room.speak(room.b);
  EXPECT_EQ(room.run(10s), 1) << "b has its place still, and leads the talk now";
  EXPECT_EQ(room.selection.lead(), room.b);
}

TEST(SpeakerSelection, GivesTheLongQuietPlaceToTheFirstWordOfAnother) {
  FullRoom room;
  room.hush(room.b);
  room.run(1200ms);
  room.speak(room.d);
  EXPECT_EQ(room.run(20ms), 1);
  EXPECT_TRUE(room.hears(room.d));
  EXPECT_FALSE(room.hears(room.b));
}

TEST(SpeakerSelection, DoesNotGiveTheFloorToACough) {
  FullRoom room;
  room.speak(room.d, 3);
  EXPECT_EQ(room.run(160ms), 0);
  room.hush(room.d);
  EXPECT_EQ(room.run(5s), 0);
}

TEST(SpeakerSelection, GivesTheFloorToWhoIsClearlyLouder) {
  FullRoom room;
  room.speak(room.d, 13);
  EXPECT_EQ(room.run(300ms), 1);
  EXPECT_TRUE(room.hears(room.d));
}

TEST(SpeakerSelection, LetsEqualTalkersNotTakeTurns) {
  FullRoom room;
  std::mt19937 random{7};
  std::normal_distribution<float> level{28, 6};
  int changes = 0;
  for (int i = 0; i < 3000; ++i) {  // a minute of four who talk at once, with syllables and pauses
    for (auto& [voice, now] : room.levels)
      now = (i / 15 + voice.value() * 3) % 5 == 0 ? kSilent
                                                  : voice_at(std::clamp(static_cast<int>(level(random)), 1, 126));
    changes += room.run(20ms);
  }
  EXPECT_LE(changes, 2);
}

TEST(SpeakerSelection, LetsAGrantedSpeakerInAtTheFirstWord) {
  FullRoom room;
  room.selection.set_rank(room.d, VoiceRank::granted);
  EXPECT_EQ(room.run(1s), 0) << "granted, but silent";
  room.speak(room.d, 45);
  room.run(20ms);
  EXPECT_TRUE(room.hears(room.d));
  for (int i = 0; i < 5; ++i) room.speak(room.join(), 2);
  room.run(10s);
  EXPECT_TRUE(room.hears(room.d)) << "no open microphone is loud enough to displace a granted speaker";
}

TEST(SpeakerSelection, KnowsSpeechByPacketSizeWhereNoLevelIsSent) {
  Room room;
  const auto noisy = room.join();
  const auto speaker = room.join();
  room.levels.clear();
  const auto run = [&](Duration time, std::size_t noise, std::size_t speech) {
    int changes = 0;
    for (const auto end = room.now + time; room.now < end; room.now += 20ms) {
      room.selection.on_audio(noisy, std::nullopt, noise, room.now);
      room.selection.on_audio(speaker, std::nullopt, speech, room.now);
      changes += room.selection.update(room.now);
    }
    return changes;
  };
  run(20s, 26, 3);
  EXPECT_EQ(room.selection.speaking(room.now), 0);
  EXPECT_EQ(run(20ms, 26, 70), 1);
  EXPECT_THAT(room.selection.places(), ElementsAre(kNobody, Optional(speaker), kNobody));
  run(1s, 26, 70);
  EXPECT_EQ(room.selection.speaking(room.now), 0b010);
  run(1s, 26, 3);
  EXPECT_EQ(room.selection.speaking(room.now), 0);
}

TEST(SpeakerSelection, HearsAConstantBitRateThatSaysNothing) {
  Room room;
  const auto a = room.join();
  room.levels.clear();
  for (int i = 0; i < 3000; ++i) {
    room.selection.on_audio(a, std::nullopt, 160, room.now);
    room.selection.update(room.now);
    room.now += 20ms;
  }
  EXPECT_EQ(room.selection.speaking(room.now), 0b010);
}

TEST(SpeakerSelection, TakesSteadyNoiseForNoSpeech) {
  Room room;
  const auto fan = room.join();
  room.levels[fan] = voice_at(47);
  room.run(120s);
  EXPECT_EQ(room.selection.speaking(room.now), 0);
  room.levels[fan] = voice_at(25);
  room.run(20ms);
  EXPECT_NE(room.selection.speaking(room.now), 0);
}

TEST(SpeakerSelection, BelievesASenderThatSaysItIsNoVoice) {
  Room room;
  const auto a = room.join();
  room.levels[a] = 42;  // no V bit
  room.run(1s);
  EXPECT_EQ(room.selection.speaking(room.now), 0);
  room.levels[a] = 20;  // too loud to be nothing
  room.run(20ms);
  EXPECT_NE(room.selection.speaking(room.now), 0);
}

TEST(SpeakerSelection, LeadsWithTheStageAndElseWithWhoTalks) {
  Room room;
  const auto a = room.join(), b = room.join();
  EXPECT_EQ(room.selection.lead(), kNobody);
  room.speak(a);
  room.run(2s);
  EXPECT_EQ(room.selection.lead(), a);
  room.hush(a), room.speak(b);
  room.run(900ms);
  EXPECT_EQ(room.selection.lead(), a) << "it may be a pause";
  room.run(200ms);
  EXPECT_EQ(room.selection.lead(), b);
  const auto stage = room.join(VoiceRank::stage);
  room.run(20ms);
  EXPECT_EQ(room.selection.lead(), b) << "a quiet stage does not silence a question";
  room.speak(stage);
  room.run(20ms);
  EXPECT_EQ(room.selection.lead(), stage);
  room.hush(b);
  room.run(5s);
  room.hush(stage);
  room.run(5s);
  EXPECT_EQ(room.selection.lead(), stage) << "nobody else speaks";
}

TEST(SpeakerSelection, HasRoomForItsBoundAndUsesPlacesAgain) {
  SpeakerSelection selection;
  for (std::size_t i = 0; i < SpeakerSelection::kMaxVoices; ++i) ASSERT_TRUE(selection.add(PublicationIndex{1}));
  EXPECT_EQ(selection.add(PublicationIndex{1}), kNobody);
  selection.remove(Voice{77});
  EXPECT_EQ(selection.add(PublicationIndex{2}), Voice{77});
  EXPECT_EQ(selection.publication(Voice{77}), PublicationIndex{2});
}

// What was done to a room lately, to know what excuses a change.
struct Model {
  std::map<Voice, VoiceRank> ranks;
  std::map<Voice, TimePoint> last_packet;
  std::optional<TimePoint> rank_changed;
};

struct Held {
  std::optional<Voice> voice;
  TimePoint since{};
};

std::optional<std::size_t> place_of(const SpeakerSelection::Places& places, Voice voice) {
  const auto found = std::find(places.begin(), places.end(), voice);
  return found == places.end() ? std::nullopt : std::optional{static_cast<std::size_t>(found - places.begin())};
}

// `before` was heard since `since` and is not any more: may it be?
bool may_have_gone(const Model& model, Voice before, TimePoint since, const SpeakerSelection::Places& after,
                   TimePoint now) {
  const auto rank = model.ranks.find(before);
  if (rank == model.ranks.end() || now - since >= SpeakerSelection::kHold) return true;
  if (now - model.last_packet.at(before) >= SpeakerSelection::kTimeout) return true;
  return std::any_of(after.begin(), after.end(),
                     [&](const auto& voice) { return voice && model.ranks.at(*voice) > rank->second; });
}

TEST(SpeakerSelectionProperty, HoldsItsPromisesWhateverHappens) {
  EXPECT_TRUE(rc::check([](std::uint32_t seed) {
    std::mt19937 random{seed};
    const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
    SpeakerSelection selection;
    Model model;
    std::map<Voice, std::uint8_t> levels;
    std::map<Voice, TimePoint> placed_at;
    auto before = selection.places();
    auto now = kStart;
    for (int step = 0; step < 1500; ++step, now += 20ms * (1 + below(2))) {
      if (below(30) == 0 && model.ranks.size() < 9) {
        const auto voice = *selection.add(PublicationIndex{7});
        model.ranks[voice] = VoiceRank::open;
        levels[voice] = kSilent;
      }
      const auto some = [&] {
        return std::next(model.ranks.begin(), below(static_cast<unsigned>(model.ranks.size())))->first;
      };
      if (below(80) == 0 && !model.ranks.empty()) {
        const auto voice = some();
        selection.remove(voice);
        model.ranks.erase(voice);
        levels.erase(voice);
        model.last_packet.erase(voice);
        RC_ASSERT(!place_of(selection.places(), voice));
      }
      if (below(60) == 0 && !model.ranks.empty()) {
        const auto voice = some();
        const auto rank = static_cast<VoiceRank>(below(3));
        if (rank == VoiceRank::stage)
          for (auto& [other, theirs] : model.ranks)
            if (theirs == VoiceRank::stage) theirs = VoiceRank::open;
        selection.set_rank(voice, rank);
        model.ranks[voice] = rank;
      }
      for (auto& [voice, level] : levels) {
        if (below(25) == 0) level = below(2) != 0 ? kSilent : voice_at(static_cast<int>(5 + below(45)));
        if (below(400) == 0) level = 0;  // stands for: it sends nothing
        if (level == 0) continue;
        selection.on_audio(voice, level, kVoicePacket, now);
        model.last_packet[voice] = now;
      }
      const bool changed = selection.update(now);
      const auto& after = selection.places();
      RC_ASSERT(changed || after == before);

      for (std::size_t p = 0; p < kVoicePlaces; ++p) {
        if (!after[p]) continue;
        RC_ASSERT(model.ranks.contains(*after[p]));
        RC_ASSERT(std::count(after.begin(), after.end(), after[p]) == 1);
        const auto earlier = place_of(before, *after[p]);
        if (!earlier) placed_at[*after[p]] = now;
        const bool stage_came = after[0] && after[0] != before[0] && model.ranks.at(*after[0]) == VoiceRank::stage;
        RC_ASSERT(!earlier || earlier == p || stage_came);
      }
      for (const auto& gone : before)
        if (gone && !place_of(after, *gone)) RC_ASSERT(may_have_gone(model, *gone, placed_at[*gone], after, now));
      for (const auto& [voice, rank] : model.ranks)
        if (rank == VoiceRank::stage && model.last_packet.contains(voice) && model.last_packet[voice] == now &&
            (levels[voice] & 0x80) != 0 && (levels[voice] & 0x7f) <= 30)
          RC_ASSERT(after[0] == voice);
      // A granted speaker is never left out for one who is merely open.
      const bool open_heard = std::any_of(after.begin(), after.end(), [&](const auto& voice) {
        return voice && model.ranks.at(*voice) == VoiceRank::open;
      });
      for (const auto& [voice, level] : levels)
        if (model.ranks.at(voice) == VoiceRank::granted && level == voice_at(10) && open_heard)
          RC_ASSERT(place_of(after, voice).has_value());
      before = after;
    }
  }));
}

TEST(SpeakerSelectionProperty, DoesNotCareForTheOrderOfPacketsOfOneMoment) {
  EXPECT_TRUE(rc::check([](std::uint32_t seed) {
    std::mt19937 random{seed};
    SpeakerSelection forward, backward;
    for (std::uint32_t i = 0; i < 8; ++i) {
      ASSERT_EQ(forward.add(PublicationIndex{i}), backward.add(PublicationIndex{i}));
      const auto rank = static_cast<VoiceRank>(random() % 2);
      forward.set_rank(Voice{static_cast<std::uint8_t>(i)}, rank);
      backward.set_rank(Voice{static_cast<std::uint8_t>(i)}, rank);
    }
    std::array<std::uint8_t, 8> levels;
    levels.fill(kSilent);
    auto now = kStart;
    for (int step = 0; step < 500; ++step, now += 20ms) {
      for (auto& level : levels)
        if (random() % 20 == 0)
          level = random() % 2 != 0 ? kSilent : voice_at(static_cast<int>(10 + random() % 3 * 10));
      for (std::size_t i = 0; i < 8; ++i) {
        forward.on_audio(Voice{static_cast<std::uint8_t>(i)}, levels[i], kVoicePacket, now);
        backward.on_audio(Voice{static_cast<std::uint8_t>(7 - i)}, levels[7 - i], kVoicePacket, now);
      }
      RC_ASSERT(forward.update(now) == backward.update(now));
      RC_ASSERT(forward.places() == backward.places());
      RC_ASSERT(forward.lead() == backward.lead());
    }
  }));
}

}  // namespace
}  // namespace bridgehall::media

// Who is heard in one room, decided once for all its receivers: three places, each one voice or none. The owner is
// the shard that decides for the conference; nothing here allocates but add(). A voice is an open microphone; a closed
// one is removed, and is gone from its place at once.
//
// The rules, in order:
// - The stage's voice has place 0: it shares a stream with the stage's picture, so that lips stay in sync. Only when it
//   has said nothing for kIdle a third speaker may have the place, until the stage's next word.
// - A free place, or one whose voice has said nothing for kIdle, goes to the first packet of speech: no syllable is
//   lost. Who has gone quiet stays until somebody takes the place, so silence costs no switch.
// - A granted speaker who speaks takes the place of one who is merely open at once.
// - Between equals, who speaks keeps the place for kHold and until somebody else has spoken for kAttack and is
//   louder by kClearlyLouder: a cough takes no floor, and two who are about as loud do not take turns.
// - A voice that stays keeps its place, except that the stage moves to 0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "media/api.h"
#include "media/indices.h"

namespace bridgehall::media {

class SpeakerSelection {
 public:
  static constexpr std::size_t kMaxVoices = 256;  // a wall has 25 sites; the rest is delegates with open microphones
  static constexpr Duration kComparisonInterval = 20ms;  // at most one comparison of all voices in this time ...
  static constexpr Duration kHold = 500ms;               // ... but for a voice that begins to speak
  static constexpr Duration kAttack = 200ms;             // speech before a talking voice of the same rank is displaced
  static constexpr Duration kIdle = 1s;                  // longer than a pause between sentences
  static constexpr Duration kSpeaking = 300ms;           // since the last packet of speech: bridges gaps between words
  static constexpr Duration kTimeout = 2s;               // Opus in DTX still sends every 400 ms
  static constexpr float kClearlyLouder = 9;             // dB; 10 dB is heard as twice as loud

  // Nobody, or a voice.
  using Places = std::array<std::optional<Voice>, kVoicePlaces>;

  // A microphone was opened; nullopt when the room is full. Its rank is open until told otherwise.
  std::optional<Voice> add(PublicationIndex publication);
  // It was closed or has gone: no longer in places() when this returns.
  void remove(Voice voice);
  // There is one stage: who had it before becomes open.
  void set_rank(Voice voice, VoiceRank rank);

  // A packet of an open microphone: the value of its RFC 6464 extension (V bit and level), if it sends one, and the
  // size of its payload. O(1).
  void on_audio(Voice voice, std::optional<std::uint8_t> level, std::size_t payload_bytes, TimePoint now);

  // Decides. To be called after the packets of a turn are noted and before they are forwarded, so that the first one of
  // a new speaker is forwarded too; the order of packets within the turn does not matter. True when places() differ
  // from what they were at the last call. O(1) unless a comparison is due.
  bool update(TimePoint now);
  // When update() has something to do though no packet came; kNever when not.
  TimePoint next_deadline() const;

  const Places& places() const { return places_; }
  PublicationIndex publication(Voice voice) const { return voices_[voice.value()].publication; }

  // For the user interface: bit p is set when the voice in place p speaks now.
  std::uint8_t speaking(TimePoint now) const;
  // For a receiver with one audio track only: the stage's voice unless others speak while it is quiet, else the place
  // that leads the talk, with the same hold. Part of what update() reports.
  std::optional<Voice> lead() const { return lead_; }

 private:
  struct State {
    PublicationIndex publication;
    bool used = false;
    bool sending = false;  // a packet came since it was added
    bool spoke = false;
    bool by_size = false;  // it sends no levels
    VoiceRank rank = VoiceRank::open;
    std::int8_t place = -1;
    float loudness = 0;  // of its speech: dB above silence (127 + level in dBov), averaged
    float floor = 0;     // what it sends when nobody speaks: dB above silence, or bytes
    Duration speech{};   // how much of the last moments was speech
    TimePoint last_packet{};
    TimePoint last_speech{};
    TimePoint placed_at{};
  };

  State& state(Voice voice) { return voices_[voice.value()]; }
  const State& state(Voice voice) const { return voices_[voice.value()]; }
  // A quiet stage gives its place to whoever would not be heard otherwise, and takes it back with its next word.
  bool stage_keeps_first_place(TimePoint now) const {
    return stage_ && places_[0] == stage_ && !may_go(state(*stage_), now);
  }

  void put(Voice voice, std::size_t place, TimePoint placed_at);
  void vacate(std::size_t place);
  void compare_all(TimePoint now);
  void drop_timed_out(TimePoint now);
  void claim_first_place(TimePoint now);
  void fill(TimePoint now);
  void contest(TimePoint now);
  void choose_lead(TimePoint now);
  std::optional<Voice> loudest_waiting(TimePoint now, Duration least_speech) const;
  std::optional<std::size_t> place_for(const State& candidate, TimePoint now) const;
  bool may_go(const State& seated, TimePoint now) const;
  std::optional<std::size_t> weakest_place(TimePoint now) const;

  std::vector<State> voices_;
  std::optional<Voice> stage_;
  Places places_{};
  std::optional<Voice> lead_;
  TimePoint lead_since_{};
  TimePoint next_comparison_{};
  bool urgent_ = false;   // somebody may be heard who is not: do not wait for next_comparison_
  bool changed_ = false;  // since the last update()
};

}  // namespace bridgehall::media

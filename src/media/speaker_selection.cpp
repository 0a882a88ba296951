#include "media/speaker_selection.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace bridgehall::media {
namespace {

// Loudness is in dB above the lowest level that RFC 6464 knows, -127 dBov.
constexpr float kSilence = 127;
constexpr float kSpeechLoudness = kSilence - 50;   // a quiet speaker at a good microphone
constexpr float kWithoutVoiceBit = kSilence - 35;  // its sender says that it is no voice: only what is loud counts
constexpr float kQuietRoom = kSilence - 80;        // the noise floor before anything is known
constexpr float kNoisyRoom = kSilence - 45;        // what is louder is never taken for noise, even when it is steady
constexpr float kAboveNoise = 8;

// Without levels the size of an Opus payload must do: 1 to 10 bytes of DTX or comfort noise, some 20 of a quiet room,
// 40 and more of speech. Constant bit rate says nothing, and counts as speech when its packets are large.
constexpr float kQuietPayload = 20;
constexpr float kLargestQuietPayload = 60;
constexpr float kSpeechRatio = 1.5f;
constexpr float kLargestRatio = 4;
constexpr float kPerRatio = 8;  // so it is taken for quiet speech: who is known to be loud goes first

constexpr Duration kUsualPacket = 20ms;
constexpr Duration kLongestPacket = 60ms;
constexpr Duration kFloorFall = 100ms;
constexpr Duration kFloorRise = 20s;  // far longer than anyone speaks without a breath
constexpr Duration kAveraging = 1s;   // of loudness: some words

float share(Duration part, Duration whole) {
  return std::min(1.0f, static_cast<float>(part.count()) / static_cast<float>(whole.count()));
}

void learn_floor(float& floor, float value, Duration elapsed) {
  floor += (value - floor) * share(elapsed, value < floor ? kFloorFall : kFloorRise);
}

bool silent_for(bool spoke, TimePoint last_speech, Duration time, TimePoint now) {
  return !spoke || now - last_speech >= time;
}

struct Heard {
  bool speech = false;
  float loudness = 0;
};

Heard by_level(std::uint8_t level, float floor) {
  const float loudness = kSilence - static_cast<float>(level & 0x7f);
  const float least = std::max(kSpeechLoudness, std::min(floor, kNoisyRoom) + kAboveNoise);
  return {loudness >= ((level & 0x80) != 0 ? least : std::max(least, kWithoutVoiceBit)), loudness};
}

Heard by_size(float bytes, float floor) {
  const float ratio = bytes / std::clamp(floor, 1.0f, kLargestQuietPayload);
  const float loudness = kSpeechLoudness + kPerRatio * (std::min(ratio, kLargestRatio) - kSpeechRatio);
  return {ratio >= kSpeechRatio && bytes > kQuietPayload, loudness};
}

}  // namespace

std::optional<Voice> SpeakerSelection::add(PublicationIndex publication) {
  auto free = std::find_if(voices_.begin(), voices_.end(), [](const State& voice) { return !voice.used; });
  if (free == voices_.end()) {
    if (voices_.size() == kMaxVoices) return std::nullopt;
    free = voices_.emplace(voices_.end());
  }
  *free = State{.publication = publication, .used = true};
  return Voice{static_cast<std::uint8_t>(free - voices_.begin())};
}

void SpeakerSelection::remove(Voice voice) {
  auto& leaving = state(voice);
  BRIDGEHALL_CHECK(leaving.used);
  if (leaving.place >= 0) vacate(static_cast<std::size_t>(leaving.place));
  if (stage_ == voice) stage_.reset();
  if (lead_ == voice) lead_.reset();
  leaving = State{};
}

void SpeakerSelection::set_rank(Voice voice, VoiceRank rank) {
  BRIDGEHALL_CHECK(state(voice).used);
  if (rank == VoiceRank::stage) {
    if (stage_ && stage_ != voice) state(*stage_).rank = VoiceRank::open;
    stage_ = voice;
  } else if (stage_ == voice) {
    stage_.reset();
  }
  state(voice).rank = rank;
  urgent_ = true;
}

void SpeakerSelection::on_audio(Voice voice, std::optional<std::uint8_t> level, std::size_t payload_bytes,
                                TimePoint now) {
  auto& v = state(voice);
  const Duration gap = v.sending ? now - v.last_packet : kUsualPacket;
  const Duration elapsed = std::clamp<Duration>(gap, 0ns, kLongestPacket);
  if (!v.sending || v.by_size == level.has_value()) {
    v.by_size = !level;
    v.floor = level ? kQuietRoom : kQuietPayload;
  }
  if (gap > kAttack) v.speech = 0ns;
  v.sending = true;
  v.last_packet = std::max(v.last_packet, now);

  const auto bytes = static_cast<float>(payload_bytes);
  const auto heard = level ? by_level(*level, v.floor) : by_size(bytes, v.floor);
  learn_floor(v.floor, level ? heard.loudness : bytes, elapsed);
  if (heard.speech) {
    if (v.place < 0 && silent_for(v.spoke, v.last_speech, kSpeaking, now)) urgent_ = true;
    if (silent_for(v.spoke, v.last_speech, kIdle, now)) v.speech = 0ns;
    v.speech = std::min(v.speech + elapsed, kAveraging);
    v.loudness +=
        v.speech > elapsed ? (heard.loudness - v.loudness) * share(elapsed, v.speech) : heard.loudness - v.loudness;
    v.spoke = true;
    v.last_speech = std::max(v.last_speech, now);
  } else {
    v.speech = std::max<Duration>(v.speech - elapsed / 2, 0ns);
  }
  if (v.rank == VoiceRank::stage && v.place != 0 && heard.speech) urgent_ = true;
}

bool SpeakerSelection::update(TimePoint now) {
  if (urgent_ || now >= next_comparison_) compare_all(now);
  return std::exchange(changed_, false);
}

TimePoint SpeakerSelection::next_deadline() const {
  if (urgent_ || changed_) return TimePoint{};
  TimePoint deadline = kNever;
  for (const auto& place : places_)
    if (place) deadline = std::min(deadline, std::max(state(*place).last_packet + kTimeout, next_comparison_));
  return deadline;
}

std::uint8_t SpeakerSelection::speaking(TimePoint now) const {
  std::uint8_t bits = 0;
  for (std::size_t p = 0; p < kVoicePlaces; ++p)
    if (places_[p] && !silent_for(state(*places_[p]).spoke, state(*places_[p]).last_speech, kSpeaking, now))
      bits = static_cast<std::uint8_t>(bits | 1u << p);
  return bits;
}

void SpeakerSelection::put(Voice voice, std::size_t place, TimePoint placed_at) {
  places_[place] = voice;
  state(voice).place = static_cast<std::int8_t>(place);
  state(voice).placed_at = placed_at;
  changed_ = true;
}

void SpeakerSelection::vacate(std::size_t place) {
  state(*places_[place]).place = -1;
  places_[place].reset();
  changed_ = true;
  urgent_ = true;  // who waits may have it
}

void SpeakerSelection::compare_all(TimePoint now) {
  drop_timed_out(now);
  claim_first_place(now);
  fill(now);
  contest(now);
  choose_lead(now);
  urgent_ = false;
  next_comparison_ = now + kComparisonInterval;
}

void SpeakerSelection::drop_timed_out(TimePoint now) {
  for (std::size_t p = 0; p < kVoicePlaces; ++p)
    if (places_[p] && now - state(*places_[p]).last_packet >= kTimeout) vacate(p);
}

// The stage's voice goes to place 0 as soon as it speaks, or earlier when nobody is there. Who sat there takes the
// place that it comes from, a free one, or that of the weakest.
void SpeakerSelection::claim_first_place(TimePoint now) {
  if (!stage_ || places_[0] == stage_) return;
  const auto& stage = state(*stage_);
  if (!stage.sending || now - stage.last_packet >= kTimeout) return;
  const auto seated = places_[0];
  if (seated && silent_for(stage.spoke, stage.last_speech, kSpeaking, now)) return;
  if (stage.place >= 0) {
    const auto from = static_cast<std::size_t>(stage.place);
    places_[from].reset();
    if (seated) put(*seated, from, state(*seated).placed_at);
  } else if (seated) {
    const auto free = std::find(places_.begin(), places_.end(), std::nullopt);
    const auto to = free != places_.end() ? static_cast<std::size_t>(free - places_.begin()) : *weakest_place(now);
    if (places_[to]) vacate(to);
    if (to != 0) put(*seated, to, state(*seated).placed_at);
  }
  put(*stage_, 0, now);
}

// Its voice has gone quiet, and had its time.
bool SpeakerSelection::may_go(const State& seated, TimePoint now) const {
  return silent_for(seated.spoke, seated.last_speech, kIdle, now) && now - seated.placed_at >= kHold;
}

// The place whose voice would be missed least: who is quiet, then the lowest rank, then the least loud.
std::optional<std::size_t> SpeakerSelection::weakest_place(TimePoint now) const {
  std::optional<std::size_t> weakest;
  const auto worth = [&](std::size_t p) {
    const auto& v = state(*places_[p]);
    return std::tuple{!may_go(v, now), v.rank, v.loudness};
  };
  for (std::size_t p = stage_keeps_first_place(now) ? 1 : 0; p < kVoicePlaces; ++p)
    if (places_[p] && (!weakest || worth(p) < worth(*weakest))) weakest = p;
  return weakest;
}

// Who speaks and is not heard: highest rank, then loudest. The stage is not among them, it has its place.
std::optional<Voice> SpeakerSelection::loudest_waiting(TimePoint now, Duration least_speech) const {
  const State* best = nullptr;
  for (const auto& v : voices_) {
    if (!v.used || v.place >= 0 || v.rank == VoiceRank::stage || v.speech < least_speech ||
        silent_for(v.spoke, v.last_speech, kSpeaking, now))
      continue;
    if (best == nullptr || std::tuple{v.rank, v.loudness} > std::tuple{best->rank, best->loudness}) best = &v;
  }
  if (best == nullptr) return std::nullopt;
  return Voice{static_cast<std::uint8_t>(best - voices_.data())};
}

// A place that `candidate` may have at once: a free one, one that has gone quiet, or one of a lower rank.
std::optional<std::size_t> SpeakerSelection::place_for(const State& candidate, TimePoint now) const {
  for (const std::size_t p : {1, 2, 0})  // 0 last: the stage may need it
    if (!places_[p]) return p;
  const auto p = weakest_place(now);
  const auto& seated = state(*places_[*p]);
  return may_go(seated, now) || seated.rank < candidate.rank ? p : std::nullopt;
}

// Each round makes one more place taken, or one less quiet, or raises a rank: so this ends.
void SpeakerSelection::fill(TimePoint now) {
  while (const auto candidate = loudest_waiting(now, 0ns)) {
    const auto place = place_for(state(*candidate), now);
    if (!place) return;
    if (places_[*place]) vacate(*place);
    put(*candidate, *place, now);
  }
}

// All places are taken by voices that speak, none of a lower rank than anyone who waits.
void SpeakerSelection::contest(TimePoint now) {
  const auto candidate = loudest_waiting(now, kAttack);
  if (!candidate) return;
  const auto& challenger = state(*candidate);
  std::optional<std::size_t> least;
  for (std::size_t p = stage_keeps_first_place(now) ? 1 : 0; p < kVoicePlaces; ++p) {
    if (!places_[p]) continue;
    const auto& seated = state(*places_[p]);
    if (seated.rank != challenger.rank || now - seated.placed_at < kHold) continue;
    if (!least || seated.loudness < state(*places_[*least]).loudness) least = p;
  }
  if (!least || challenger.loudness < state(*places_[*least]).loudness + kClearlyLouder) return;
  vacate(*least);
  put(*candidate, *least, now);
}

void SpeakerSelection::choose_lead(TimePoint now) {
  const State* best = nullptr;
  for (const auto& place : places_) {
    if (!place) continue;
    const auto& v = state(*place);
    if (v.rank != VoiceRank::stage && silent_for(v.spoke, v.last_speech, kSpeaking, now)) continue;
    // A stage that is quiet leads only where nobody speaks: a question from a site is heard in a stream too.
    const auto worth = [&](const State& s) {
      return std::tuple{!silent_for(s.spoke, s.last_speech, kIdle, now), s.rank, s.loudness};
    };
    if (best == nullptr || worth(v) > worth(*best)) best = &v;
  }
  const State* leading = lead_ && state(*lead_).place >= 0 ? &state(*lead_) : nullptr;
  if (leading != nullptr) {
    if (best == nullptr || best == leading) return;
    const bool quiet = silent_for(leading->spoke, leading->last_speech, kIdle, now);
    const bool louder =
        best->rank == leading->rank && best->speech >= kAttack && best->loudness >= leading->loudness + kClearlyLouder;
    if (best->rank <= leading->rank && (now - lead_since_ < kHold || !(quiet || louder))) return;
  }
  const auto lead = best == nullptr ? std::optional<Voice>{} : Voice{static_cast<std::uint8_t>(best - voices_.data())};
  if (lead == lead_) return;
  lead_ = lead;
  lead_since_ = now;
  changed_ = true;
}

}  // namespace bridgehall::media

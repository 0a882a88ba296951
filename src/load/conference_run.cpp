#include "load/conference_run.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "io/clock.h"
#include "load/output.h"

namespace bridgehall::load {
namespace {

constexpr Duration kConnectPatience = 10s;  // for those who are still shaking hands after the last join
constexpr Duration kPollPatience = 20ms;
constexpr Duration kDrain = 500ms;     // for what was asked for again when the measurement ended
constexpr Duration kFarewell = 300ms;  // for what is said last to be sent
constexpr Duration kAway = 1s;
constexpr Duration kFirstReturn = 250ms;  // as a page waits; doubling up to the next, spread over the upper half
constexpr Duration kLastReturn = 2s;
constexpr Duration kJudgeEvery = 500ms;
constexpr Duration kSettle = 1500ms;  // after which a new speaker has to be heard by all
constexpr Duration kHeardLately = 200ms;
constexpr Duration kPicturePatience = 5s;  // after that a first picture is a failure

}  // namespace

ConferenceRun::ConferenceRun(const ConferenceOptions& options, Recording recording)
    : options_(options),
      recording_(std::move(recording)),
      dice_(options.seed),
      ntp_(io::read_ntp_origin()),
      loop_(options.gro),
      places_(places()),
      usage_(options.server_pid) {}

Result<void> ConferenceRun::run() {
  auto& r = *result_;
  r.asked = static_cast<int>(places());
  r.weak = options_.weak;
  usage_.note_memory_before(r.usage);
  if (const auto server = usage_.read_server()) r.descriptors.before = server->descriptors;
  if (auto joined = join_all(kChair, 1 + sites()); !joined) return joined;
  change_speakers(MemberLoop::now());
  change_stage(MemberLoop::now());
  if (auto joined = join_all(1 + sites(), places()); !joined) return joined;
  for (std::size_t place = 0; place < places(); ++place)
    r.joined += loop_.at(place) != nullptr && loop_.at(place)->connected();
  if (options_.churn > 0) next_churn_ = MemberLoop::now();
  play_until(MemberLoop::now() + options_.warm_up);
  measure();
  leave();
  if (!r.samples.empty()) note_descriptors_after();
  return {};
}

// -- joining --

std::string ConferenceRun::seat_of(std::size_t place) const {
  if (place == kChair) return "load-chair";
  return is_site(place) ? fmt::format("site-{:03}", place) : fmt::format("watcher-{:03}", place - sites());
}

ParticipantSettings ConferenceRun::settings_of(std::size_t place) const {
  ParticipantSettings settings{.number = static_cast<std::uint16_t>(place), .sends = is_site(place)};
  const auto seat = seat_of(place);
  settings.token = options_.token_for(place == kChair ? "chair" : is_site(place) ? "site" : "viewer", seat);
  settings.tiles = place == kChair ? 0 : static_cast<std::size_t>(options_.slots);
  if (is_weak(place)) settings.line_kbps = options_.weak_kbps;
  // Everyone looks at others than the neighbour does.
  for (std::size_t i = 0; i < sites() && settings.seats.size() < settings.tiles; ++i) {
    const auto shown = 1 + (place + i) % sites();
    if (shown != place) settings.seats.push_back(seat_of(shown));
  }
  return settings;
}

Result<void> ConferenceRun::join(std::size_t place) {
  auto participant =
      std::make_unique<Participant>(settings_of(place), recording_, dtls_, random_, ntp_, MemberLoop::now());
  participant->speak(std::find(speakers_.begin(), speakers_.end(), place) != speakers_.end());
  const auto path = fmt::format("/api/conferences/{}/signalling", options_.conference);
  return loop_.add(place, std::move(participant), options_.server, path, random_);
}

Result<void> ConferenceRun::join_all(std::size_t first, std::size_t last) {
  const auto interval = Duration{1'000'000'000 / std::max(options_.joins_per_second, 1)};
  auto next = MemberLoop::now();
  for (auto place = first; place < last; ++place, next += interval) {
    play_until(next);
    places_[place].full_house = !is_site(place) && place != kChair;
    if (auto joined = join(place); !joined) return joined;
  }
  wait_for(first, last);
  for (auto place = first; place < last; ++place)
    if (const auto why = loop_.ended(place)) return fail(fmt::format("{} could not join: {}", seat_of(place), *why));
  return {};
}

void ConferenceRun::wait_for(std::size_t first, std::size_t last) {
  const auto there = [&](std::size_t place) { return loop_.ended(place) || loop_.at(place)->connected(); };
  const auto patience = MemberLoop::now() + kConnectPatience;
  for (auto place = first; place < last; ++place)
    while (!there(place) && MemberLoop::now() < patience) play_until(MemberLoop::now() + kPollPatience);
}

// -- what happens --

void ConferenceRun::play_until(TimePoint end) {
  for (auto now = MemberLoop::now(); now < end; now = MemberLoop::now()) {
    if (next_judgement_ <= now) judge_voices(now);
    if (next_speakers_ <= now) change_speakers(now);
    if (next_stage_ <= now) change_stage(now);
    if (next_churn_ <= now) send_someone_away();
    let_them_come_back(now);
    for (std::size_t place = 0; place < loop_.places(); ++place) {
      note_end_of(place, now);
      note_arrival_of(place, now);
    }
    if (next_sample_ <= now) take_sample(now);
    loop_.turn(std::min({end, next_speakers_, next_stage_, next_churn_, now + kPollPatience}));
  }
}

void ConferenceRun::change_speakers(TimePoint now) {
  for (const auto place : speakers_)
    if (auto* speaker = loop_.at(place)) speaker->speak(false);
  speakers_.clear();
  for (int i = 0; i < std::min(options_.speakers, options_.sites); ++i) {
    speakers_.push_back(next_speaker_);
    next_speaker_ = next_speaker_ % sites() + 1;
    if (auto* speaker = loop_.at(speakers_.back())) speaker->speak(true);
  }
  speaking_since_ = now;
  next_speakers_ = options_.speaker_change > Duration{} ? now + options_.speaker_change : kNever;
}

// Whether everyone hears those who are speaking at this moment, and have been for a while.
void ConferenceRun::judge_voices(TimePoint now) {
  next_judgement_ = now + kJudgeEvery;
  if (speaking_since_ == kNever || now - speaking_since_ < kSettle) return;
  for (std::size_t place = 0; place < places(); ++place) {
    const auto* receiver = loop_.at(place);
    if (receiver == nullptr || !receiver->connected() || is_weak(place) || now - receiver->began_at() < kSettle)
      continue;
    for (const auto speaker : speakers_) {
      const auto* sender = loop_.at(speaker);
      if (speaker == place || sender == nullptr || !sender->voiced() || now - sender->began_at() < kSettle) continue;
      ++result_->voices_expected;
      const auto slots = receiver->slots();
      result_->voices_heard += std::any_of(slots.begin(), slots.end(), [&](const SlotReceiver& slot) {
        return !slot.is_video() && slot.shown() && slot.shown()->sender == speaker &&
               now - slot.shown()->last < kHeardLately;
      });
    }
  }
}

// To one of those who speak, but another than before.
void ConferenceRun::change_stage(TimePoint now) {
  next_stage_ = options_.stage_change > Duration{} ? now + options_.stage_change : kNever;
  judge_stage();
  auto next = speakers_.empty() ? 1 : speakers_.front();
  for (std::size_t i = 0; i < sites() && ((stage_ && stage_->place == next) || loop_.ended(next)); ++i)
    next = next % sites() + 1;
  auto* chair = loop_.at(kChair);
  if (chair == nullptr || (stage_ && stage_->place == next)) return;
  chair->set_stage(seat_of(next));
  loop_.flush(kChair);
  stage_ = Stage{next, now};
}

void ConferenceRun::judge_stage() {
  if (!stage_ || !measuring_) return;
  const auto* sender = loop_.at(stage_->place);
  if (sender == nullptr || sender->began_at() > stage_->asked) return;
  for (std::size_t place = 0; place < places(); ++place) {
    const auto* receiver = loop_.at(place);
    if (receiver == nullptr || !receiver->connected() || is_weak(place) || place == stage_->place ||
        receiver->began_at() > stage_->asked)
      continue;
    const auto& shown = receiver->stage()->shown();
    if (shown && shown->sender == stage_->place)
      result_->stage.add(std::max(shown->since - stage_->asked, Duration{}));
    else
      ++result_->stage_missed;
  }
}

void ConferenceRun::send_someone_away() {
  next_churn_ += Duration{static_cast<std::int64_t>(60e9 / options_.churn)};
  const auto place = 1 + static_cast<std::size_t>(dice_.below(places() - 1));
  auto* participant = loop_.at(place);
  if (participant == nullptr || is_weak(place) || places_[place].back_at != kNever) return;
  participant->leave();
  loop_.flush(place);
  places_[place].back_at = MemberLoop::now() + kAway;
  ++result_->came_and_went;
}

void ConferenceRun::let_them_come_back(TimePoint now) {
  for (std::size_t place = 0; place < loop_.places(); ++place) {
    auto& known = places_[place];
    if (known.back_at > now) continue;
    known.back_at = kNever;
    const auto* participant = loop_.at(place);
    if (measuring_ && participant != nullptr) {
      (is_weak(place) ? gone_weak_ : gone_) += participant->received() - known.before;
      gone_sent_ += participant->sent();
    }
    loop_.remove(place);
    known = Place{.full_house = true, .lost_at = known.lost_at, .attempts = known.attempts};
    (void)join(place);  // one that cannot is counted as lost, or tries again
  }
}

void ConferenceRun::note_end_of(std::size_t place, TimePoint now) {
  auto& known = places_[place];
  if (known.ended || known.back_at != kNever) return;
  const auto why = loop_.ended(place);
  if (!why) return;
  if (options_.come_back) {
    known.lost_at = std::min(known.lost_at, now);
    known.back_at = now + wait_before_return(known.attempts++);
    return;
  }
  known.ended = true;
  ++result_->lost;
  ++interval_->failures;
  fmt::print(stderr, "{} is lost: {}\n", seat_of(place), *why);
}

Duration ConferenceRun::wait_before_return(std::size_t attempts) {
  const auto longest = std::min(kLastReturn, kFirstReturn * (1 << std::min<std::size_t>(attempts, 8)));
  return longest / 2 +
         Duration{static_cast<std::int64_t>(dice_.below(static_cast<std::uint64_t>((longest / 2).count())))};
}

void ConferenceRun::note_arrival_of(std::size_t place, TimePoint now) {
  auto& known = places_[place];
  const auto* participant = loop_.at(place);
  if (participant == nullptr || known.picture) return;
  const auto began = participant->began_at();
  if (const auto at = participant->connected_at(); at && !known.connected) {
    known.connected = true;
    known.attempts = 0;
    result_->connected.add(*at - began);
    if (known.lost_at != kNever) {
      ++result_->came_back;
      result_->longest_absence = std::max(result_->longest_absence, *at - known.lost_at);
      known.lost_at = kNever;
    }
  }
  // On weak lines, and before all sites are there, a picture may rightly stay out.
  const bool awaited = known.full_house && !is_weak(place) && !participant->settings().seats.empty();
  if (const auto at = participant->first_frame()) {
    known.picture = true;
    if (!awaited) return;
    result_->first_frame.add(*at - began);
    if (measuring_) interval_->first_picture.add(*at - began);
  } else if (awaited && known.back_at == kNever && now - began > kPicturePatience) {
    known.picture = true;
    ++interval_->failures;
    fmt::print(stderr, "{} has no picture.\n", seat_of(place));
  }
}

// -- measuring --

void ConferenceRun::measure() {
  auto& r = *result_;
  for (std::size_t place = 0; place < places(); ++place) {
    auto* participant = loop_.at(place);
    if (participant == nullptr) continue;
    places_[place].before = participant->received();
    places_[place].sent_before = participant->sent();
    for (const auto& slot : participant->slots()) places_[place].slots_before.push_back(slot.counters());
  }
  usage_.begin(loop_.receive_overflows());
  const auto begin = MemberLoop::now();
  measuring_ = true;
  next_judgement_ = begin;
  begin_samples(begin);
  loop_.measure_into(&interval_->latency);
  play_until(begin + options_.duration);
  loop_.measure_into(nullptr);
  measuring_ = false;
  next_sample_ = kNever;
  r.latency += interval_->latency;
  usage_.end(in_seconds(MemberLoop::now() - begin), loop_.receive_overflows(), loop_.send_errors(), r.usage);
  for (std::size_t place = 0; place < places(); ++place) r.lost += places_[place].lost_at != kNever;
  collect(r.usage.seconds);
}

SlotCounters ConferenceRun::received_so_far() const {
  auto total = gone_;
  for (std::size_t place = 0; place < places(); ++place)
    if (const auto* participant = loop_.at(place); participant != nullptr && !is_weak(place))
      total += participant->received() - places_[place].before;
  return total;
}

void ConferenceRun::collect(double seconds) {
  auto& r = *result_;
  collect_rates(seconds);
  r.received = received_so_far();
  r.weak_received = gone_weak_;
  r.sent = gone_sent_;
  const auto missing_then = r.received.expected - std::min(r.received.expected, r.received.received);
  for (std::size_t place = 0; place < places(); ++place) {
    const auto* participant = loop_.at(place);
    if (participant == nullptr) continue;
    auto sent = participant->sent();
    r.sent += sent - places_[place].sent_before;
    if (is_weak(place)) {
      r.weak_received += participant->received() - places_[place].before;
      r.weak_lost += participant->lost_on_line();
    }
  }
  // A gap that a retransmission fills just after the end is none.
  next_speakers_ = next_stage_ = next_churn_ = next_judgement_ = kNever;
  play_until(MemberLoop::now() + kDrain);
  const auto drained = received_so_far();
  const auto missing_now = drained.expected - std::min(drained.expected, drained.received);
  r.received.received += missing_then - std::min(missing_then, missing_now);
}

void ConferenceRun::collect_rates(double seconds) {
  auto& r = *result_;
  std::uint64_t stage_frames = 0, tile_frames = 0, tiles = 0, stages = 0;
  for (std::size_t place = 1; place < places(); ++place) {
    const auto* participant = loop_.at(place);
    const auto& before = places_[place].slots_before;
    if (participant == nullptr || participant->slots().size() != before.size() || before.empty()) continue;
    std::uint64_t most_sounds = 0, own_stage_frames = 0;
    std::size_t filled = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const auto& slot = participant->slots()[i];
      const auto passed = slot.counters() - before[i];
      if (!slot.is_video()) most_sounds = std::max(most_sounds, passed.sounds);
      if (slot.use() == media::SlotUse::stage) own_stage_frames = passed.frames;
      if (is_weak(place) || slot.use() != media::SlotUse::tile) continue;
      if (filled++ >= participant->settings().seats.size()) continue;
      tile_frames += passed.frames;
      ++tiles;
    }
    if (is_weak(place)) {
      const auto share = 1.0 / options_.weak;
      r.weak_sounds_per_second += static_cast<double>(most_sounds) / seconds * share;
      r.weak_stage_frames_per_second += static_cast<double>(own_stage_frames) / seconds * share;
      r.weak_tiles_off += static_cast<double>(participant->slots_said_to_be(messages::SlotState::line)) * share;
    } else {
      ++r.receivers;
      // Who is on stage does not see it, so only watchers tell how smooth it is, where there are any.
      if (options_.watchers > options_.weak && is_site(place)) continue;
      stage_frames += own_stage_frames;
      ++stages;
    }
  }
  if (stages > 0) r.stage_frames_per_second = static_cast<double>(stage_frames) / static_cast<double>(stages) / seconds;
  if (tiles > 0) r.tile_frames_per_second = static_cast<double>(tile_frames) / static_cast<double>(tiles) / seconds;
}

void ConferenceRun::leave() {
  for (std::size_t place = places(); place-- > 0;) {
    auto* participant = loop_.at(place);
    if (participant == nullptr) continue;
    places_[place].ended = true;
    participant->leave();
    loop_.flush(place);
  }
  loop_.turn_until(MemberLoop::now() + kFarewell);
}

}  // namespace bridgehall::load

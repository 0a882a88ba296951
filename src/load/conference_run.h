// One run of a conference: who joins when, who speaks, who is on stage, who goes and comes back, what is measured.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "crypto/dtls.h"
#include "crypto/system_random.h"
#include "load/conference.h"
#include "load/conference_report.h"
#include "load/member_loop.h"
#include "load/recording.h"
#include "load/run_usage.h"

namespace bridgehall::load {

class ConferenceRun {
 public:
  ConferenceRun(const ConferenceOptions& options, Recording recording);

  // The chair, then the sites, then the watchers at the rate asked for, then warm-up and measurement.
  Result<void> run();
  const ConferenceResult& result() const { return *result_; }

 private:
  static constexpr std::size_t kChair = 0;
  std::size_t sites() const { return static_cast<std::size_t>(options_.sites); }
  std::size_t places() const { return 1 + sites() + static_cast<std::size_t>(options_.watchers); }
  bool is_site(std::size_t place) const { return place != kChair && place <= sites(); }
  bool is_weak(std::size_t place) const {
    return place > sites() && place + static_cast<std::size_t>(options_.weak) >= places();
  }
  std::string seat_of(std::size_t place) const;
  ParticipantSettings settings_of(std::size_t place) const;

  Result<void> join(std::size_t place);
  Result<void> join_all(std::size_t first, std::size_t last);
  void wait_for(std::size_t first, std::size_t last);
  // What happens in a conference, until then.
  void play_until(TimePoint end);
  void change_speakers(TimePoint now);
  void change_stage(TimePoint now);
  void judge_voices(TimePoint now);
  void judge_stage();
  void send_someone_away();
  void let_them_come_back(TimePoint now);
  void note_end_of(std::size_t place, TimePoint now);
  Duration wait_before_return(std::size_t attempts);
  void note_arrival_of(std::size_t place, TimePoint now);

  void measure();
  void collect(double seconds);
  void collect_rates(double seconds);
  void leave();
  SlotCounters received_so_far() const;

  // Watching it over time (conference_watch.cpp).
  void begin_samples(TimePoint now);
  void begin_interval(TimePoint now);
  void take_sample(TimePoint now);
  void note_descriptors_after();

  const ConferenceOptions& options_;
  Recording recording_;
  crypto::SystemRandom random_;
  SeededRandom dice_;
  crypto::OpenSslDtlsFactory dtls_;
  NtpOrigin ntp_;
  MemberLoop loop_;
  std::unique_ptr<ConferenceResult> result_ = std::make_unique<ConferenceResult>();  // too big for a stack

  struct Place {
    bool full_house = false;  // it came when all sites were there: its first picture can be waited for
    bool connected = false;   // noted, as the next
    bool picture = false;     // seen, or waited for in vain
    bool ended = false;       // by itself
    SlotCounters before;      // the measurement
    std::vector<SlotCounters> slots_before;
    SentCounters sent_before;
    TimePoint back_at = kNever;
    TimePoint lost_at = kNever;  // and not yet back
    std::size_t attempts = 0;    // to come back
  };
  std::vector<Place> places_;
  std::vector<std::size_t> speakers_;
  std::size_t next_speaker_ = 1;
  TimePoint speaking_since_ = kNever;
  TimePoint next_speakers_ = kNever;
  TimePoint next_judgement_ = kNever;
  struct Stage {
    std::size_t place = 0;
    TimePoint asked{};
  };
  std::optional<Stage> stage_;
  TimePoint next_stage_ = kNever;
  TimePoint next_churn_ = kNever;
  bool measuring_ = false;
  UsageMeter usage_;
  // Since the last sample:
  struct Interval {
    TimePoint begin{};
    std::uint64_t packets = 0, expected = 0, received = 0;  // totals at its begin
    std::optional<ProcessUsage> server;
    ProcessUsage own;
    std::uint64_t failures = 0;
    LatencyHistogram latency, first_picture;
  };
  TimePoint measured_since_{};
  TimePoint next_sample_ = kNever;
  std::unique_ptr<Interval> interval_ = std::make_unique<Interval>();
  SlotCounters gone_;  // of those who left during the measurement
  SlotCounters gone_weak_;
  SentCounters gone_sent_;
};

}  // namespace bridgehall::load

// Consent to send over one path (RFC 7675): each authenticated check or response renews it; when it runs out, nothing
// more may be sent there. It is what keeps a server from being aimed at someone who does not want its media.
#pragma once

#include "base/random.h"
#include "base/time.h"

namespace bridgehall::session {

class Consent {
 public:
  static constexpr Duration kTimeout = 30s;

  explicit Consent(TimePoint now) { renew(now); }
  void renew(TimePoint now) { renewed_ = now; }
  TimePoint renewed() const { return renewed_; }
  TimePoint deadline() const { return renewed_ + kTimeout; }
  bool lost(TimePoint now) const { return now >= deadline(); }

  // Section 5.1: 5 s, each time between 0.8 and 1.2 of it, so that peers do not check in step.
  static Duration interval(RandomSource& random) { return 4s + Duration{random.below(2'000'000'000)}; }

 private:
  TimePoint renewed_;
};

}  // namespace bridgehall::session

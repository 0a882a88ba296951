// So much at once, and one more for every so long: a token bucket in eight bytes (the generic cell rate algorithm,
// ITU-T I.371). A value; whoever owns it gives the time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace bridgehall {

struct AllowanceTerms {
  std::uint32_t at_once = 1;
  Duration interval{};  // until one more is allowed
};

class Allowance {
 public:
  bool has_some(AllowanceTerms terms, TimePoint now) const {
    return paid_until_ <= now + terms.interval * (terms.at_once - 1);
  }
  // False, and nothing is taken, when there is none.
  bool take(AllowanceTerms terms, TimePoint now) {
    if (!has_some(terms, now)) return false;
    paid_until_ = std::max(paid_until_, now) + terms.interval;
    return true;
  }
  // Nothing was taken lately: it is as good as a new one.
  bool full(TimePoint now) const { return paid_until_ <= now; }

 private:
  TimePoint paid_until_{};  // when it would be full again
};

}  // namespace bridgehall

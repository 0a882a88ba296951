// PLI discipline (RFC 4585 section 6.3.1): at most one request upstream per window, however many receivers ask. A
// request inside the window is deferred to its end, never lost; a request that brought no keyframe is repeated.
#pragma once

#include "base/time.h"

namespace bridgehall::media {

class KeyframeRequests {
 public:
  static constexpr Duration kWindow = 500ms;

  // A receiver cannot decode until a keyframe comes.
  void want() { wanted_ = true; }

  bool wanted() const { return wanted_; }

  // A keyframe has begun to arrive: all who wanted one are served.
  void on_keyframe() { wanted_ = false; }

  // When a PLI may go out next; kNever when none is wanted.
  TimePoint deadline() const { return !wanted_ ? kNever : asked_ ? last_ + kWindow : TimePoint{}; }

  // True when a PLI is to be sent now. It stays wanted until a keyframe comes.
  bool take(TimePoint now) {
    if (!wanted_ || now < deadline()) return false;
    last_ = now;
    asked_ = true;
    return true;
  }

  // Nobody waits any more. The window goes on: who closes and opens, or leaves and joins, cannot shorten it.
  void cancel() { wanted_ = false; }

  // The sender changed: its window begins anew.
  void reset() { *this = {}; }

 private:
  bool wanted_ = false;
  bool asked_ = false;
  TimePoint last_{};
};

}  // namespace bridgehall::media

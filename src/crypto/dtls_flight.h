// The last flight of handshake messages we sent and when to send it again (RFC 6347 section 4.2.4), in the caller's
// time. Owned by one DTLS session. OpenSSL keeps time by the real clock, so its own timer is set out of the way.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace bridgehall::crypto {

using Datagrams = std::vector<std::vector<std::uint8_t>>;

class DtlsFlight {
 public:
  // Browsers start at 50 to 1,000 ms; 250 ms is above most round trips. The cap gives 17 tries in kHandshakeLimit, so
  // that 30 % loss both ways leaves a handshake hanging once in some 10^5.
  static constexpr Duration kFirstWait = 250ms;
  static constexpr Duration kLongestWait = 2s;
  // A repeated flight of the peer is answered at once, but not more often than this…
  static constexpr Duration kAnswerGap = 100ms;
  // …and not more often than this in all, since anyone on the path can copy an old flight.
  static constexpr int kMaxAnswers = 32;

  bool empty() const { return datagrams_.empty(); }
  // A new flight, sent now: the peer has made progress, so the waiting starts small again.
  void replace(Datagrams datagrams, TimePoint now);
  // Nothing more is expected: the flight is kept only to answer repeats.
  void stop_timer() { resend_at_ = kNever; }
  void clear();

  TimePoint next_deadline() const { return resend_at_; }
  // The flight to send again, null when it is not due. `datagrams` may be changed by the caller (record numbers).
  Datagrams* due(TimePoint now);
  // The flight to send because the peer repeated its own, null when it was just sent.
  Datagrams* answer_repeat(TimePoint now);

 private:
  Datagrams datagrams_;
  TimePoint sent_at_{};
  TimePoint resend_at_ = kNever;
  Duration wait_ = kFirstWait;
  int answers_ = 0;
};

}  // namespace bridgehall::crypto

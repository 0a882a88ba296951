// What a browser tells about when packets arrived: transport-wide feedback, alone in its datagram (RFC 5506). Nothing
// where no transport-wide numbers were agreed.
#pragma once

#include "base/time.h"
#include "load/peer_link.h"
#include "session/twcc_receiver.h"
#include "wire/rtp.h"

namespace bridgehall::load {

class ArrivalFeedback {
 public:
  // A packet arrived; `id`: of the extension, 0 where it was not agreed.
  void note(BytesView datagram, const wire::RtpHeader& header, std::uint8_t id, TimePoint arrived);
  TimePoint next_deadline() const { return twcc_.next_deadline(); }
  void send_due(TimePoint now, Ssrc own_ssrc, PeerLink& link);

 private:
  session::TwccReceiver twcc_;
  Ssrc newest_ssrc_{};
};

}  // namespace bridgehall::load

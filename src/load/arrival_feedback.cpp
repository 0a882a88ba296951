#include "load/arrival_feedback.h"

#include <array>

namespace bridgehall::load {
namespace {
constexpr std::size_t kFeedbackSize = 1100;
}  // namespace

void ArrivalFeedback::note(BytesView datagram, const wire::RtpHeader& header, std::uint8_t id, TimePoint arrived) {
  if (id == 0) return;
  wire::for_each_extension(datagram, header, [&](std::uint8_t found, BytesView value) {
    if (found != id || value.size() != 2) return;
    twcc_.on_packet(load_u16(value.data()), arrived);
    newest_ssrc_ = header.ssrc;
  });
}

void ArrivalFeedback::send_due(TimePoint now, Ssrc own_ssrc, PeerLink& link) {
  if (twcc_.next_deadline() > now) return;
  std::array<std::uint8_t, kFeedbackSize> buffer;
  while (const auto size = twcc_.build(now, own_ssrc, newest_ssrc_, buffer))
    link.send_rtcp(BytesView{buffer}.first(size));
}

}  // namespace bridgehall::load

#include "session/send_stream.h"

#include "base/check.h"

namespace bridgehall::session {

namespace {
constexpr std::int64_t kIndexSpace = std::int64_t{1} << 48;  // RFC 3711 section 9.2: the key's life ends there
}

SendStream::SendStream(Ssrc ssrc, std::uint16_t first_sequence) : ssrc_(ssrc), first_sequence_(first_sequence) {
  BRIDGEHALL_CHECK(first_sequence < 0x8000);
}

bool SendStream::claim(std::int64_t extended_sequence) {
  if (extended_sequence < 0 || extended_sequence >= kIndexSpace) return false;
  if (!started_) {
    started_ = true;
    highest_ = extended_sequence;
  } else if (extended_sequence > highest_) {
    sealed_.advance(highest_, extended_sequence);
    highest_ = extended_sequence;
  } else if (highest_ - extended_sequence >= kWindow || sealed_.test(extended_sequence)) {
    return false;
  }
  sealed_.set(extended_sequence);
  return true;
}

}  // namespace bridgehall::session

#include "media/api.h"

namespace bridgehall::media {

std::string_view drop_name(Drop drop) {
  switch (drop) {
    case Drop::unclassified:
      return "unclassified";
    case Drop::unknown_address:
      return "unknown_address";
    case Drop::unknown_ufrag:
      return "unknown_ufrag";
    case Drop::truncated:
      return "truncated";
    case Drop::stun_malformed:
      return "stun_malformed";
    case Drop::stun_integrity:
      return "stun_integrity";
    case Drop::stun_unexpected:
      return "stun_unexpected";
    case Drop::dtls_before_check:
      return "dtls_before_check";
    case Drop::dtls_malformed:
      return "dtls_malformed";
    case Drop::rtp_malformed:
      return "rtp_malformed";
    case Drop::rtp_unknown_ssrc:
      return "rtp_unknown_ssrc";
    case Drop::rtp_unknown_payload_type:
      return "rtp_unknown_payload_type";
    case Drop::rtp_bad_payload:
      return "rtp_bad_payload";
    case Drop::rtp_duplicate:
      return "rtp_duplicate";
    case Drop::rtp_too_old:
      return "rtp_too_old";
    case Drop::srtp_replayed:
      return "srtp_replayed";
    case Drop::srtp_authentication:
      return "srtp_authentication";
    case Drop::srtcp_authentication:
      return "srtcp_authentication";
    case Drop::srtcp_replayed:
      return "srtcp_replayed";
    case Drop::rtcp_malformed:
      return "rtcp_malformed";
    case Drop::gate_closed:
      return "gate_closed";
    case Drop::stale_handle:
      return "stale_handle";
    case Drop::pool_exhausted:
      return "pool_exhausted";
    case Drop::handshakes_waiting:
      return "handshakes_waiting";
    case Drop::address_taken:
      return "address_taken";
    case Drop::count:
      break;
  }
  return "unknown";
}

}  // namespace bridgehall::media

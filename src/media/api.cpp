#include "media/api.h"

#include <algorithm>

namespace bridgehall::media {

void ShardCounters::add(const ShardCounters& other) {
  datagrams_received += other.datagrams_received;
  bytes_received += other.bytes_received;
  datagrams_sent += other.datagrams_sent;
  bytes_sent += other.bytes_sent;
  rtp_received += other.rtp_received;
  rtp_forwarded += other.rtp_forwarded;
  rtp_retransmitted += other.rtp_retransmitted;
  trains_sent += other.trains_sent;
  plis_received += other.plis_received;
  plis_sent += other.plis_sent;
  nacked_received += other.nacked_received;
  nacked_sent += other.nacked_sent;
  retransmissions_received += other.retransmissions_received;
  keyframes_received += other.keyframes_received;
  packets_mirrored += other.packets_mirrored;
  datagrams_handed_over += other.datagrams_handed_over;
  peers += other.peers;
  peers_connected += other.peers_connected;
  publications = std::max(publications, other.publications);
  subscriptions += other.subscriptions;
  packets_kept += other.packets_kept;
  send_errors += other.send_errors;
  receive_overflows += other.receive_overflows;
  segmentation = segmentation && other.segmentation;
  for (std::size_t i = 0; i < drops.size(); ++i) drops[i] += other.drops[i];
  for (std::size_t i = 0; i < train_lengths.size(); ++i) train_lengths[i] += other.train_lengths[i];
}

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
    case Drop::tcp_queue_full:
      return "tcp_queue_full";
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
    case Drop::mirror_full:
      return "mirror_full";
    case Drop::handover_full:
      return "handover_full";
    case Drop::count:
      break;
  }
  return "unknown";
}

}  // namespace bridgehall::media

// RTCP, both ways: what receivers ask of us and we of senders, and the reports that each side needs. Off the packet
// path: a receiver has a few of these a second.
#pragma once

#include <vector>

#include "base/time.h"
#include "media/api.h"
#include "media/mirrors.h"
#include "media/outbox.h"
#include "media/tables.h"

namespace bridgehall::media {

class Feedback {
 public:
  Feedback(Tables& tables, ShardCounters& counters, Outbox& outbox, Mirrors& mirrors, NtpOrigin ntp)
      : tables_(tables), counters_(counters), outbox_(outbox), mirrors_(mirrors), ntp_(ntp) {}

  // Numbers looked up of the NACKs in one datagram, which may hold five thousand: as many as a receiver's ring has.
  static constexpr std::size_t kMaxNacked = OutgoingStream::kVideoRing.most;

  // What a receiver asked for that the shard has to follow up.
  struct Wishes {
    bool repeats = false;               // peer.repeats has something to send
    std::vector<LayerIndex> keyframes;  // layers that a keyframe is wanted of
  };
  // A sealed RTCP packet from `peer`; adds to `wishes`.
  void receive(Peer& peer, MutableBytes datagram, TimePoint now, Wishes& wishes);

  // Sends what is due of `peer`: reports, NACKs, transport-wide feedback.
  void send_due(Peer& peer, TimePoint now);
  TimePoint next_deadline(const Peer& peer) const;

  // Asks the layer's sender for a keyframe.
  void send_keyframe_request(Layer& layer);

 private:
  void receive_sender_report(Peer& peer, const wire::SenderInfo& info, TimePoint now);
  void receive_nack(Peer& peer, const wire::RtcpPacket& packet, Ssrc media, TimePoint now, Wishes& wishes);
  void want_keyframe(Peer& peer, Ssrc media, TimePoint now, Wishes& wishes);
  void receive_arrivals(Peer& peer, const wire::RtcpPacket& packet, TimePoint now);
  void receive_report_blocks(Peer& peer, const wire::RtcpPacket& packet, TimePoint now);
  std::optional<std::uint32_t> sent_timestamp_at(const OutgoingStream& stream, NtpTime ntp) const;
  void send_sender_reports(Peer& peer, TimePoint now);
  void send_reports(Peer& peer, TimePoint now);
  void send_nacks(Peer& peer, TimePoint now);
  void send_arrivals(Peer& peer, TimePoint now);
  template <class Write>
  void send(Peer& peer, Write&& write);
  void drop(Drop reason) { ++counters_.drops[static_cast<std::size_t>(reason)]; }

  Tables& tables_;
  ShardCounters& counters_;
  Outbox& outbox_;
  Mirrors& mirrors_;
  NtpOrigin ntp_;
  std::size_t nacked_in_datagram_ = 0;
  std::vector<wire::TransportFeedback::Entry> entries_ =
      std::vector<wire::TransportFeedback::Entry>(wire::TransportFeedback::kMaxEntries);
};

}  // namespace bridgehall::media

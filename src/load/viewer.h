// A viewer that counts: sequence numbers of every packet from the header in clear, latency from those it decrypts (one
// in n, and all until the first keyframe). Receiver reports each second, NACK for what is missing, PLI while nothing is
// decodable. Sans-IO.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"
#include "load/latency_histogram.h"
#include "load/peer_link.h"
#include "session/receive_log.h"
#include "wire/rtp.h"

namespace bridgehall::load {

struct ViewerCounters {
  std::uint64_t packets = 0;   // all RTP datagrams, retransmissions included
  std::uint64_t bytes = 0;     // as on the wire
  std::uint64_t expected = 0;  // by sequence numbers, audio and video
  std::uint64_t received = 0;  // of those, without duplicates; retransmissions that filled a gap included
  std::uint64_t duplicates = 0;
  std::uint64_t retransmissions = 0;
  std::uint64_t nacked = 0;
  std::uint64_t plis = 0;
  std::uint64_t undecryptable = 0;
  std::uint64_t keyframes = 0;  // seen among the decrypted
  ViewerCounters& operator+=(const ViewerCounters& other);
  ViewerCounters operator-(const ViewerCounters& earlier) const;
};

struct ViewerSettings {
  int decrypt_every = 1;          // every n-th packet
  Duration feigned_round_trip{};  // see LoadOptions
};

class Viewer {
 public:
  Viewer(const session::ClientEnd& local, const session::Agreed& agreed, const ViewerSettings& settings,
         crypto::DtlsFactory& dtls, RandomSource& random, TimePoint now);

  // `arrived`: when the kernel got it, which latency is measured by. `latency`: samples go there; nullptr = not
  // measuring now.
  void handle_datagram(MutableBytes datagram, const NetworkPath& path, TimePoint now, TimePoint arrived,
                       LatencyHistogram* latency);
  // To be called every few milliseconds.
  void handle_timeout(TimePoint now);

  PeerLink& link() { return link_; }
  ViewerCounters counters() const;
  bool decodable() const { return decodable_; }
  // When it first was: a keyframe had begun to come.
  std::optional<TimePoint> decodable_since() const { return decodable_since_; }

 private:
  struct Stream {
    session::NegotiatedTrack track;
    session::ReceiveLog log;
    crypto::SrtpReceiveState srtp;
    crypto::SrtpReceiveState rtx_srtp;
    bool is_video() const { return track.kind == wire::MediaKind::video; }
  };
  // Where the latency of what has just come goes.
  struct Gauge {
    TimePoint arrived;
    LatencyHistogram* latency;
    void add(BytesView payload) const;
  };
  void handle_rtp(MutableBytes datagram, TimePoint now, const Gauge& gauge);
  void look_into(Stream& stream, MutableBytes datagram, const wire::RtpHeader& header, const Gauge& gauge);
  void handle_retransmission(Stream& stream, MutableBytes datagram, const wire::RtpHeader& header, TimePoint now,
                             const Gauge& gauge);
  void handle_rtcp(BytesView compound, TimePoint now);
  void ask_for_keyframe(const Stream& video, TimePoint now);
  void send_nacks(Stream& video, TimePoint now);
  void send_report(TimePoint now);

  PeerLink link_;
  std::string cname_;
  Ssrc own_ssrc_;
  std::uint64_t decrypt_every_;
  Duration feigned_round_trip_;
  std::uint64_t seen_ = 0;
  std::vector<Stream> streams_;  // at most one audio, one video
  bool decodable_ = false;
  std::optional<TimePoint> decodable_since_;
  TimePoint next_pli_{};
  TimePoint next_report_{};
  ViewerCounters counters_;
};

}  // namespace bridgehall::load

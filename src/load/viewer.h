// A viewer that counts: sequence numbers of every packet from the header in clear, latency from those it decrypts (of
// each stream one in n, and of a picture all until its first keyframe). Receiver reports each second, NACK for what is
// missing, PLI for each picture that cannot be decoded. Any number of sounds and pictures. Sans-IO.
#pragma once

#include <optional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "load/arrival_feedback.h"
#include "load/latency_histogram.h"
#include "load/peer_link.h"
#include "session/receive_log.h"
#include "wire/rtp.h"

namespace bridgehall::load {

struct ViewerCounters {
  std::uint64_t packets = 0;   // all RTP datagrams, retransmissions included
  std::uint64_t bytes = 0;     // as on the wire
  std::uint64_t expected = 0;  // by sequence numbers, of all streams
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
  int decrypt_every = 1;          // every n-th packet of a stream
  double lose = 0;                // see LoadOptions
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
  // It is sent pictures, and all of them can be decoded.
  bool decodable() const;
  // When each of them had been for the first time: the last one's keyframe had begun to come.
  std::optional<TimePoint> decodable_since() const;

 private:
  struct Stream {
    session::NegotiatedTrack track;
    session::ReceiveLog log;
    crypto::SrtpReceiveState srtp;
    crypto::SrtpReceiveState rtx_srtp;
    std::uint64_t seen = 0;
    bool decodable = false;
    std::optional<TimePoint> decodable_since;
    TimePoint next_pli{};
    bool is_video() const { return track.kind == wire::MediaKind::video; }
  };
  // An SSRC and whose it is: all of them side by side, since each packet is looked up here.
  struct Label {
    Ssrc ssrc;
    std::uint32_t stream = 0;
    bool retransmits = false;
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
  void ask_for_keyframe(Stream& video, TimePoint now);
  void send_nacks(Stream& video, TimePoint now);
  void send_report(TimePoint now);

  PeerLink link_;
  std::string cname_;
  Ssrc own_ssrc_;
  std::uint64_t decrypt_every_;
  Duration feigned_round_trip_;
  std::uint32_t lost_below_;  // of 2^32: what a random number has to be for a packet to be lost
  SeededRandom losses_;
  std::vector<Stream> streams_;  // in the order of the m-lines
  std::vector<Label> labels_;
  ArrivalFeedback arrivals_;
  TimePoint next_report_{};
  ViewerCounters counters_;
};

}  // namespace bridgehall::load

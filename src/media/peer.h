// One WebRTC peer as its shard holds it: its transport, the tracks it sends and the tracks it is sent.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/srtp.h"
#include "media/publication.h"
#include "media/rewriter.h"
#include "media/sent_ring.h"
#include "session/receive_log.h"
#include "session/send_stream.h"
#include "session/sender_clock.h"
#include "session/transport.h"
#include "session/twcc_receiver.h"

namespace bridgehall::media {

// A track that the peer sends.
struct IncomingStream {
  IncomingStream(PublicationIndex publication_, session::NegotiatedTrack track_)
      : publication(publication_),
        track(std::move(track_)),
        ssrc(track.remote_ssrc),
        rtx_ssrc(track.remote_rtx_ssrc),
        log(wire::clock_rate_of(track.codec.codec)) {}

  PublicationIndex publication;
  bool attached = true;  // false: the publication has another sender by now, or is gone
  session::NegotiatedTrack track;
  Ssrc ssrc;  // 0: not announced; learnt from the first authenticated packet with its payload type
  Ssrc rtx_ssrc;
  crypto::SrtpReceiveState srtp;
  crypto::SrtpReceiveState rtx_srtp;
  session::ReceiveLog log;
  std::optional<wire::SenderInfo> report;  // the last of its sender
};

// A track that the peer is sent: a subscription.
struct OutgoingStream {
  static constexpr std::uint32_t kVideoRing = 512;
  static constexpr std::uint32_t kAudioRing = 64;

  struct Start {  // random beginnings (RFC 3550 section 5.1); sequence numbers below 2^15 (RFC 3711 section 3.3.1)
    std::uint16_t sequence = 0;
    std::uint16_t rtx_sequence = 0;
    std::uint32_t timestamp = 0;
  };

  OutgoingStream(PublicationIndex publication_, const OutgoingTrack& description, Start start)
      : publication(publication_),
        codec(description.track.codec.codec),
        payload_type(description.track.codec.payload_type),
        rtx_payload_type(description.track.codec.rtx_payload_type),
        extensions(description.track.extensions),
        stream(description.ssrc, start.sequence),
        rtx_stream(description.rtx_ssrc, start.rtx_sequence),
        next_rtx_sequence(start.rtx_sequence),
        rewriter(wire::clock_rate_of(codec), start.sequence, start.timestamp),
        sent(kind() == wire::MediaKind::video ? kVideoRing : kAudioRing) {}

  wire::MediaKind kind() const { return wire::kind_of(codec); }
  bool can_repeat() const { return rtx_payload_type != 0; }

  PublicationIndex publication;
  bool attached = true;  // false: the publication is gone
  wire::Codec codec;
  std::uint8_t payload_type;
  std::uint8_t rtx_payload_type;
  wire::ExtensionIds extensions;

  session::SendStream stream;
  session::SendStream rtx_stream;
  std::int64_t next_rtx_sequence;
  Rewriter rewriter;
  SentRing sent;
  Arrival cursor = 0;  // the next packet of the publication's history to be looked at
};

// A packet that a NACK asked for (RFC 4588).
struct Repeat {
  std::uint32_t track = 0;
  std::uint16_t sequence = 0;  // as it went out
  Arrival arrival = 0;
};

struct Peer {
  static constexpr std::size_t kMaxOutgoing = 64;  // bits of `pending`; a wall of 25 with 3 audio and slides needs 29
  static constexpr std::size_t kMaxRepeats = 64;   // waiting at once; what is asked for beyond is asked for again
  static constexpr Duration kReportInterval = 1s;  // of our sender and receiver reports
  // Half a packet of repetition for each packet sent, and a stock for bursts of loss: a peer that asks for everything
  // always costs half as much again, no more.
  static constexpr std::uint32_t kRepeatCredit = 256;

  Peer(PeerId id_, const session::TransportConfiguration& configuration, crypto::DtlsFactory& dtls,
       RandomSource& random, TimePoint now)
      : id(id_), transport(configuration, dtls, random, now), report_ssrc(random.u32()) {}

  PeerId id;
  session::Transport transport;
  std::vector<std::string> ufrags;       // ours: of this ICE generation and, while a restart is on, the one before
  std::vector<SocketAddress> addresses;  // validated by ICE, at most Transport::kMaxPaths
  bool active = false;                   // connected: tracks flow
  std::string cname;
  Ssrc report_ssrc;  // who our RTCP is from, where no stream of ours is meant

  std::vector<IncomingStream> incoming;
  std::unique_ptr<session::TwccReceiver> arrivals;  // only when it sends with transport-wide sequence numbers
  session::SenderClock clock;

  std::vector<OutgoingStream> outgoing;  // video before audio: audio rides last in a train
  std::uint64_t audio = 0;               // bit i: outgoing[i] is audio
  std::uint64_t pending = 0;             // bit i: outgoing[i] has packets to look at
  bool queued = false;                   // in the egress queue
  std::vector<Repeat> repeats;
  std::uint32_t repeat_credit = kRepeatCredit * 2;  // in half packets

  TimePoint next_report = kNever;
};

}  // namespace bridgehall::media

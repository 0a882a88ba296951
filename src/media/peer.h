// One WebRTC peer as its shard holds it: its transport, the streams it sends and the slots it is sent.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/allowance.h"
#include "crypto/srtp.h"
#include "media/allocator.h"
#include "media/layer_filter.h"
#include "media/plain_allocator.h"
#include "media/publication.h"
#include "media/rewriter.h"
#include "media/sent_ring.h"
#include "session/line_monitor.h"
#include "session/receive_log.h"
#include "session/send_log.h"
#include "session/send_stream.h"
#include "session/sender_clock.h"
#include "session/transport.h"
#include "session/twcc_receiver.h"
#include "wire/frame_facts_reader.h"

namespace bridgehall::media {

// An encoding that the peer sends: a track, or one of its simulcast layers.
struct IncomingStream {
  IncomingStream(LayerIndex layer_, session::NegotiatedTrack track_, std::string rid_)
      : layer(layer_),
        track(std::move(track_)),
        rid(std::move(rid_)),
        ssrc(rid.empty() ? track.remote_ssrc : Ssrc{}),
        rtx_ssrc(rid.empty() ? track.remote_rtx_ssrc : Ssrc{}),
        log(wire::clock_rate_of(track.codec.codec)) {}

  LayerIndex layer;  // kNoLayer: the publication has another sender by now, or is gone
  session::NegotiatedTrack track;
  std::string rid;  // RFC 8852; empty: the track has one encoding
  Ssrc ssrc;        // 0: not announced; learnt from the first packet that authenticates (Ingress::find_source)
  Ssrc rtx_ssrc;
  crypto::SrtpReceiveState srtp;
  crypto::SrtpReceiveState rtx_srtp;
  session::ReceiveLog log;
  wire::FrameFactsReader facts;
  std::optional<wire::SenderInfo> report;  // the last of its sender

  bool attached() const { return layer != kNoLayer; }
};

// What a packet is sent as.
struct PayloadTypes {
  std::uint8_t media = 0;
  std::uint8_t rtx = 0;  // 0: no repetitions
};

// A slot: a track that the peer is sent, one unbroken stream whatever it is filled with. It costs a place here while it
// is empty; its rings come with its first content.
struct OutgoingStream {
  static constexpr SentRing::Capacity kVideoRing{.least = 128, .most = 512};
  static constexpr SentRing::Capacity kAudioRing{.least = 64, .most = 128};

  struct Start {  // random beginnings (RFC 3550 section 5.1); sequence numbers below 2^15 (RFC 3711 section 3.3.1)
    std::uint16_t sequence = 0;
    std::uint16_t rtx_sequence = 0;
    std::uint32_t timestamp = 0;
  };

  OutgoingStream(SlotNumber number_, const OutgoingTrack& description, Start start)
      : number(number_),
        use(description.use),
        kind(description.track.kind),
        extensions(description.track.extensions),
        voice_place(description.voice_place),
        wanted_layer(description.layer),
        wanted_types{description.track.codec.payload_type, description.track.codec.rtx_payload_type},
        stream(description.ssrc, start.sequence),
        rtx_stream(description.rtx_ssrc, start.rtx_sequence),
        next_rtx_sequence(start.rtx_sequence),
        rewriter(kind == wire::MediaKind::video ? 90'000 : 48'000, start.sequence, start.timestamp),
        sent(kind == wire::MediaKind::video ? kVideoRing : kAudioRing) {}

  bool shows_something() const { return layer != kNoLayer; }
  // Asks the processor for what sending will touch.
  void prefetch() const {
    for (auto* line = reinterpret_cast<const std::uint8_t*>(&layer);
         line < reinterpret_cast<const std::uint8_t*>(&reported); line += 64)
      __builtin_prefetch(line, 1);
    sent.prefetch(stream.highest() + 1);
  }
  bool can_repeat() const { return types.rtx != 0; }

  SlotNumber number;  // in CreatePeer::outgoing
  SlotUse use;
  wire::MediaKind kind;
  wire::ExtensionIds extensions;
  std::optional<std::uint8_t> voice_place;

  // What it is filled with, and what is wanted of it.
  PublicationIndex publication = kNoPublication;
  std::uint8_t wanted_layer;
  PayloadTypes wanted_types;
  SlotGrant grant{.highest_layer = kMaxLayers - 1};  // what the line carries
  LayerIndex target = kNoLayer;                      // shown from its next keyframe on
  std::optional<SlotFlow> said;                      // the last SlotChanged about this publication

  // What it shows.
  LayerIndex layer = kNoLayer;
  PayloadTypes types;
  bool filtered = false;                     // a stream of several layers, of which the filter lets some through
  std::optional<std::uint32_t> clock_shift;  // for the next epoch: see Rewriter::begin_epoch
  LayerFilter filter;
  bool filter_waits = false;  // ... for a keyframe, when it was last looked at

  session::SendStream stream;
  session::SendStream rtx_stream;
  std::int64_t next_rtx_sequence;
  Rewriter rewriter;
  SentRing sent;
  Arrival cursor = 0;  // the next packet of the layer's history to be looked at
  session::ReportedStream reported;
};

// A packet that a NACK asked for (RFC 4588).
struct Repeat {
  std::uint32_t track = 0;
  std::uint16_t sequence = 0;  // as it went out
  Arrival arrival = 0;
};

// The line to a peer that is sent video: what feedback says about it, and who gets how much of it.
struct Downlink {
  static constexpr Duration kInterval = 250ms;  // between two allocations

  std::unique_ptr<session::SendLog> log;  // only when transport-wide numbers were negotiated
  session::LineMonitor monitor;
  PlainAllocator allocator;
  TimePoint next_allocation{};
  // A TCP connection of the peer whose queue is long: no pictures over it until it has drained.
  std::optional<TransportAddress> backlog;

  // The way to the peer is another one: another network, or the same through another connection of its router. Nothing
  // that the old one did to packets is known of this one, so it is tried as at the beginning.
  void begin_anew() {
    if (log) log->forget_way();
    monitor = {};
    allocator = {};
  }
};

struct Peer {
  static constexpr std::size_t kMaxOutgoing = 64;  // bits of `pending`; a wall of 25 with 3 audio and slides needs 29
  static constexpr std::size_t kMaxIncoming = 32;  // encodings: five cameras of three, slides and a microphone need 17
  static constexpr std::size_t kMaxRepeats = 64;   // waiting at once; what is asked for beyond is asked for again
  static constexpr Duration kReportInterval = 1s;  // of our sender and receiver reports
  // What may be a little later is, so that one waking serves many peers.
  static constexpr Duration kCompany = 10ms;
  static TimePoint in_company(TimePoint at) {
    return std::chrono::ceil<std::chrono::duration<std::int64_t, std::centi>>(at);
  }
  // Half a packet of repetition for each packet sent, and a stock for bursts of loss: a peer that asks for everything
  // always costs half as much again, no more.
  static constexpr std::uint32_t kRepeatCredit = 256;

  // A keyframe that one receiver wants costs the publisher, and all who watch, sharpness. Ten at once are more than a
  // bad line needs in a minute; whoever goes on is heard every two seconds. What somebody else wants already is free.
  static constexpr AllowanceTerms kKeyframeWishes{.at_once = 10, .interval = 2s};

  Peer(PeerId id_, const session::TransportConfiguration& configuration, crypto::DtlsFactory& dtls,
       RandomSource& random, TimePoint now)
      : id(id_), transport(configuration, dtls, random, now), report_ssrc(random.u32()) {}

  PeerId id;
  session::Transport transport;
  std::vector<std::string> ufrags;          // ours: of this ICE generation and, while a restart is on, the one before
  std::vector<TransportAddress> addresses;  // validated by ICE, at most Transport::kMaxPaths
  Heard heard{};                            // until it is active
  bool active = false;                      // connected: tracks flow
  std::string cname;
  RoomIndex room = kNoRoom;
  Ssrc report_ssrc;  // who our RTCP is from, where no stream of ours is meant

  std::vector<IncomingStream> incoming;
  std::vector<PublicationIndex> voices;             // its own, which it does not hear
  std::unique_ptr<session::TwccReceiver> arrivals;  // only when it sends with transport-wide sequence numbers
  session::SenderClock clock;

  std::vector<OutgoingStream> outgoing;  // video before audio: audio rides last in a train
  std::uint64_t audio = 0;               // bit i: outgoing[i] is audio and shows something
  std::uint64_t pending = 0;             // bit i: outgoing[i] has packets to look at
  std::vector<Repeat> repeats;
  std::uint32_t repeat_credit = kRepeatCredit * 2;  // in half packets
  Allowance keyframe_wishes;
  std::unique_ptr<Downlink> downlink;  // only when it has video slots

  TimePoint next_report = kNever;
};

}  // namespace bridgehall::media

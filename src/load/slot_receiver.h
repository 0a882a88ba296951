// One slot of a participant of a load test, and what comes in it, checked as far as that goes without decoding:
// sequence numbers, picture ids, sound's timestamps, a keyframe at the beginning of each other picture; and by the
// stamps, who it shows and how late. Sans-IO.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "crypto/srtp.h"
#include "load/latency_histogram.h"
#include "load/media_stamp.h"
#include "media/api.h"
#include "session/offer.h"
#include "session/receive_log.h"
#include "wire/rtp.h"

namespace bridgehall::load {

struct SlotCounters {
  std::uint64_t packets = 0;   // all RTP datagrams, retransmissions included
  std::uint64_t bytes = 0;     // as on the wire
  std::uint64_t expected = 0;  // by sequence numbers
  std::uint64_t received = 0;  // of those, without duplicates
  std::uint64_t duplicates = 0;
  std::uint64_t retransmissions = 0;
  std::uint64_t nacked = 0;
  std::uint64_t plis = 0;
  std::uint64_t undecryptable = 0;
  std::uint64_t strays = 0;  // of a participant: packets that belong to none of its slots
  std::uint64_t frames = 0;  // of pictures, to their end
  std::uint64_t keyframes = 0;
  std::uint64_t sounds = 0;         // packets of sound with a stamp
  std::uint64_t switches = 0;       // to another sender, or to another layer of a picture
  std::uint64_t voice_changes = 0;  // to another sender's sound
  // What must not be, between packets whose numbers follow on each other:
  std::uint64_t picture_breaks = 0;  // a picture id that does not go on, or a frame that begins within another
  std::uint64_t dirty_switches = 0;  // another picture that does not begin with a keyframe
  std::uint64_t sound_jumps = 0;     // a timestamp that is not 20 ms on; one for each change of voice is allowed
  SlotCounters& operator+=(const SlotCounters& other);
  SlotCounters operator-(const SlotCounters& earlier) const;
};

class SlotReceiver {
 public:
  SlotReceiver(session::AgreedSlot agreed, media::SlotNumber number, media::SlotUse use);

  // `datagram` is for this slot: it has its SSRC, or its SSRC of retransmissions.
  void handle_rtp(MutableBytes datagram, const wire::RtpHeader& header, crypto::Opener& opener, TimePoint now,
                  LatencyHistogram* latency);
  void handle_sender_report(const wire::SenderInfo& info, TimePoint now);

  const session::AgreedSlot& agreed() const { return agreed_; }
  media::SlotNumber number() const { return number_; }
  media::SlotUse use() const { return use_; }
  bool is_video() const { return agreed_.slot.kind == wire::MediaKind::video; }
  session::ReceiveLog& log() { return log_; }
  const session::ReceiveLog& log() const { return log_; }
  SlotCounters counters() const;
  void count_nacked(std::size_t count) { counters_.nacked += count; }

  // The picture can be decoded no more, or not yet, although packets come: a keyframe is to be asked for.
  bool needs_keyframe() const { return is_video() && log_.started() && !decodable_; }
  TimePoint next_pli() const { return needs_keyframe() ? next_pli_ : kNever; }
  void count_pli(TimePoint now);

  // Who was seen or heard last, when for the first time in a row, and when last.
  struct Shown {
    std::uint16_t sender = 0;
    std::uint8_t layer = 0;
    TimePoint since{};
    TimePoint last{};
  };
  const std::optional<Shown>& shown() const { return shown_; }

 private:
  void check_picture(const wire::RtpHeader& header, BytesView payload, std::int64_t sequence, bool in_order);
  void check_sound(const wire::RtpHeader& header, std::int64_t sequence, bool in_order);
  void read_stamp(BytesView payload, TimePoint now, LatencyHistogram* latency);

  session::AgreedSlot agreed_;
  media::SlotNumber number_;
  media::SlotUse use_;
  session::ReceiveLog log_;
  crypto::SrtpReceiveState srtp_;
  crypto::SrtpReceiveState rtx_srtp_;
  SlotCounters counters_;
  bool decodable_ = false;
  TimePoint next_pli_{};
  std::optional<Shown> shown_;

  // The packet before, in order.
  bool has_last_ = false;
  std::int64_t last_sequence_ = 0;
  std::uint32_t last_timestamp_ = 0;
  bool last_marker_ = false;
  std::uint16_t picture_id_ = 0;
  bool frame_is_key_ = false;
  bool frame_is_whole_ = false;  // so far: nothing of it was missing or came late
};

}  // namespace bridgehall::load

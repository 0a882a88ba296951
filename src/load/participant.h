// One participant of a load test: says hello, joins, sends and receives as a page does. Sans-IO: the texts of its
// WebSocket and the datagrams of its media go in and are polled out. Lives on the generator's one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "load/line_limit.h"
#include "load/media_receiver.h"
#include "load/media_sender.h"
#include "messages/messages.h"

namespace bridgehall::load {

struct ParticipantSettings {
  std::string token;
  std::uint16_t number = 0;  // in the stamps of what it sends
  bool sends = false;        // a microphone and a camera, both opened at once
  std::size_t tiles = 9;     // at most what the server allows
  messages::Quality tile_quality = messages::Quality::low;
  int line_kbps = 0;               // of its line to us; 0: as wide as the machine's
  std::vector<std::string> seats;  // that its tiles are to show, in this order
};

class Participant {
 public:
  // `recording`, `dtls` and `random` outlive it.
  Participant(ParticipantSettings settings, const Recording& recording, crypto::DtlsFactory& dtls, RandomSource& random,
              const NtpOrigin& ntp, TimePoint now);

  void handle_text(std::string_view text, TimePoint now);
  std::optional<std::string> poll_text();
  // `arrived`: when the kernel got it, for a generator that is late is not a slow line.
  void handle_datagram(MutableBytes datagram, const NetworkPath& path, TimePoint now, TimePoint arrived,
                       LatencyHistogram* latency);
  void handle_timeout(TimePoint now, LatencyHistogram* latency);
  TimePoint next_deadline() const;
  bool poll_transmit(session::OutgoingDatagram& out);

  void speak(bool speaking);
  void set_stage(const std::string& seat);
  void leave();

  const ParticipantSettings& settings() const { return settings_; }
  const std::string& seat() const { return seat_; }  // once it is welcome
  TimePoint began_at() const { return began_at_; }
  bool voiced() const { return media_ && media_->sender.voiced(); }
  bool connected() const { return media_ && media_->link.connected(); }
  std::optional<TimePoint> connected_at() const;
  std::optional<TimePoint> first_frame() const { return media_ ? media_->receiver.first_frame() : std::nullopt; }
  // Why it is in the conference no more, or never was: a sentence.
  std::optional<std::string> ended() const;
  std::span<const SlotReceiver> slots() const;  // in the order of the m-lines
  const SlotReceiver* stage() const;            // nullptr before it has joined
  SlotCounters received() const { return media_ ? media_->receiver.counters() : SlotCounters{}; }
  SentCounters sent() const { return media_ ? media_->sender.counters() : SentCounters{}; }
  std::uint64_t lost_on_line() const { return line_ ? line_->lost() : 0; }
  // What the server says of its slots, latest for each: how many are in that state.
  std::size_t slots_said_to_be(messages::SlotState state) const;

 private:
  struct Media {
    PeerLink link;
    MediaSender sender;
    MediaReceiver receiver;
    bool started = false;
  };
  void handle(const messages::Welcome& welcome);
  void handle(const messages::Answer& answer, TimePoint now);
  void handle(const messages::Refused& refused, TimePoint now);
  void join();
  void demand();
  void say(const messages::ClientMessage& message);
  void take_datagram(MutableBytes datagram, const NetworkPath& path, TimePoint now, TimePoint arrived,
                     LatencyHistogram* latency);

  ParticipantSettings settings_;
  const Recording& recording_;
  crypto::DtlsFactory& dtls_;
  RandomSource& random_;
  NtpOrigin ntp_;
  session::ClientEnd local_;
  TimePoint began_at_;
  std::string seat_;
  std::uint32_t next_id_ = 1;
  std::uint32_t join_id_ = 0;
  std::uint32_t demand_id_ = 0;
  TimePoint ask_again_ = kNever;  // what was refused because the server was busy
  bool speaking_ = false;
  std::deque<std::string> texts_;
  std::unique_ptr<Media> media_;
  std::optional<LineLimit> line_;
  std::optional<std::string> ended_;
  std::map<std::uint32_t, messages::SlotState> told_;  // by slot; the schema has 64 of them at most
};

}  // namespace bridgehall::load

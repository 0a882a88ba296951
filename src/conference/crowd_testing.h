// Pages, publishers and a media core around a host, for tests in which they do anything in any order. Draws from
// rapidcheck: for use within its properties only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "conference/directory_testing.h"
#include "conference/host.h"

namespace bridgehall::conference {

class Crowd {
 public:
  // A test's own deeds are numbered after these: rapidcheck's small cases draw low numbers, and need people first.
  static constexpr int kDeeds = 13;

  // `pause`: what passes at a time when it is time that does something.
  Crowd(Host& host, Duration pause) : host_(host), pause_(pause) {}

  // Somebody at that seat does this, or whoever made one of the sessions.
  void act(int deed, const SeatId& seat, Moment& now) {
    const auto role = host_.state("demo")->find(seat)->role;
    const auto session = sessions_.empty() ? std::string() : *rc::gen::elementOf(sessions_);
    const bool yes = *rc::gen::arbitrary<bool>();
    switch (deed) {
      case 0:
      case 1:
        sessions_.push_back(host_.greet("demo", {role, seat}, session)->participant->session);
        break;
      case 2:
      case 3:
      case 4:
        join(session, yes, now);
        break;
      case 5:
        host_.unlink(session, now);
        break;
      case 6:
        host_.leave(session, now);
        break;
      case 7:
        if (const Principal who{yes ? Role::moderator : role, yes ? "mod" : seat};
            host_.directory().publish_terms("demo", seat, who))
          (void)host_.publish(publisher_order(seat, who), now);
        break;
      case 8:
        if (!peers_.empty()) {
          const auto peer = *peers_.begin();
          peers_.erase(peer);
          host_.handle_event(media::PeerClosed{peer}, now);
        }
        break;
      case 9:
        now.monotonic += pause_;
        host_.handle_timeout(now);
        break;
      case 10:
        (void)host_.carry_out("demo", "chair", Remove{seat}, now);
        break;
      case 11:
        (void)host_.carry_out("demo", "chair", yes ? Command(CloseMicrophone{seat}) : Command(OpenMicrophone{seat}),
                              now);
        break;
      case 12:
        (void)host_.carry_out("demo", seat, ShareSlides{yes}, now);
        break;
    }
  }

  // The media core does what it is told.
  void carry_out_commands(const Moment& now) {
    while (auto command = host_.directory().poll_command()) {
      if (const auto* add = std::get_if<media::AddPublication>(&*command)) open_[add->publication] = false;
      if (const auto* gone = std::get_if<media::RemovePublication>(&*command)) open_.erase(gone->publication);
      if (const auto* gate = std::get_if<media::SetGate>(&*command)) open_.at(gate->publication) = gate->open;
      if (const auto* create = std::get_if<std::unique_ptr<media::CreatePeer>>(&*command))
        peers_.insert((*create)->peer);
      if (const auto* close = std::get_if<media::ClosePeer>(&*command))
        if (peers_.erase(close->peer)) host_.handle_event(media::PeerClosed{close->peer}, now);
      if (const auto* fill = std::get_if<media::FillSlot>(&*command)) RC_ASSERT(peers_.contains(fill->peer));
    }
  }

  // A published track: whether the media core lets it pass, and whether the conference says that it may.
  struct Gate {
    SeatId seat;
    TrackUse use;
    bool open;
    bool allowed;
  };
  std::vector<Gate> gates() const {
    std::vector<Gate> gates;
    const auto& state = *host_.state("demo");
    for (const auto& seat : state.seats) {
      const auto* publication = host_.directory().publication("demo", seat.id);
      if (!publication) continue;
      for (const auto& track : publication->tracks) {
        const bool allowed = track.use == TrackUse::microphone ? seat.microphone.open
                             : track.use == TrackUse::camera   ? seat.camera.open
                                                               : state.slides == seat.id;
        gates.push_back({seat.id, track.use, open_.at(track.id), allowed});
      }
    }
    return gates;
  }

  // A present seat has somebody, an empty one sends nothing, and the media core's gates are what the conference says.
  void check_agreement() const {
    for (const auto& seat : host_.state("demo")->seats) {
      const auto* sender = host_.directory().sender_of("demo", seat.id);
      RC_ASSERT(seat.present || !sender);
      RC_ASSERT(seat.sends.empty() || sender);
    }
    for (const auto& gate : gates()) RC_ASSERT(gate.open == gate.allowed);
  }

 private:
  void join(const std::string& session, bool open, const Moment& now) {
    const auto* participant = host_.find_participant(session);
    if (!participant) return;
    auto order = participant_order(participant->seat, participant->role);
    if (!host_.directory().participant_terms(order)) return;
    for (const auto& slot : order.slots) order.negotiated.slots.push_back(negotiated_slot(slot.use));
    (void)host_.join(session, std::move(order), open, open, now);
  }

  Host& host_;
  Duration pause_;
  std::vector<std::string> sessions_;
  std::set<media::PeerId> peers_;
  std::map<media::PublicationId, bool> open_;
};

}  // namespace bridgehall::conference

#include "load/participant.h"

#include <algorithm>

#include <fmt/format.h>

#include "session/offer.h"

namespace bridgehall::load {
namespace {

constexpr Duration kAskAgain = 300ms;
constexpr std::size_t kVoices = media::kVoicePlaces;

media::SlotUse from_message(messages::SlotUse use) {
  switch (use) {
    case messages::SlotUse::voice:
      return media::SlotUse::voice;
    case messages::SlotUse::stage:
      return media::SlotUse::stage;
    case messages::SlotUse::slides:
      return media::SlotUse::slides;
    case messages::SlotUse::tile:
      break;
  }
  return media::SlotUse::tile;
}

bool passes(messages::RefusalCode code) {
  return code == messages::RefusalCode::busy || code == messages::RefusalCode::too_fast;
}

}  // namespace

Participant::Participant(ParticipantSettings settings, const Recording& recording, crypto::DtlsFactory& dtls,
                         RandomSource& random, const NtpOrigin& ntp, TimePoint now)
    : settings_(std::move(settings)),
      recording_(recording),
      dtls_(dtls),
      random_(random),
      ntp_(ntp),
      local_{session::make_ice_credentials(random), dtls.local_fingerprint(), fmt::to_string(random.u32()),
             fmt::format("load-{}", settings_.number)},
      began_at_(now) {
  if (settings_.line_kbps > 0) line_.emplace(settings_.line_kbps);
  say(messages::Hello{.version = messages::kVersion, .token = settings_.token});
}

// -- signalling --

void Participant::say(const messages::ClientMessage& message) { texts_.push_back(messages::to_json(message)); }

std::optional<std::string> Participant::poll_text() {
  if (texts_.empty()) return std::nullopt;
  auto text = std::move(texts_.front());
  texts_.pop_front();
  return text;
}

void Participant::handle_text(std::string_view text, TimePoint now) {
  const auto message = messages::parse_server_message(text);
  if (!message) {
    ended_ = fmt::format("The server said what its schema does not allow: {}", message.error().message);
    return;
  }
  if (const auto* welcome = std::get_if<messages::Welcome>(&*message)) return handle(*welcome);
  if (const auto* answer = std::get_if<messages::Answer>(&*message)) return handle(*answer, now);
  if (const auto* refused = std::get_if<messages::Refused>(&*message)) return handle(*refused, now);
  if (const auto* bye = std::get_if<messages::Bye>(&*message)) ended_ = bye->message;
  if (const auto* slots = std::get_if<messages::Slots>(&*message))
    for (const auto& content : slots->slots) told_[content.slot] = content.state;
}

void Participant::handle(const messages::Welcome& welcome) {
  seat_ = welcome.seat;
  settings_.tiles = std::min<std::size_t>(settings_.tiles, welcome.max_tiles);
  join();
}

// The voices first, as the offer has its m-lines; the first of them goes with the stage.
void Participant::join() {
  std::vector<session::OfferedSource> sources;
  messages::Join join{
      .id = join_id_ = next_id_++, .offer = {}, .microphone = settings_.sends, .camera = settings_.sends};
  if (settings_.sends) {
    sources.push_back({wire::Codec::opus, {}, {}});
    sources.push_back({wire::Codec::vp8, {}, {}, {"l", "m", "h"}});
    join.sends.push_back({.mid = "0", .use = messages::TrackUse::microphone});
    join.sends.push_back({.mid = "1", .use = messages::TrackUse::camera});
  }
  std::vector<messages::SlotUse> uses(kVoices, messages::SlotUse::voice);
  uses.push_back(messages::SlotUse::stage);
  uses.insert(uses.end(), settings_.tiles, messages::SlotUse::tile);
  for (std::size_t i = 0; i < uses.size(); ++i) join.slots.push_back({fmt::to_string(sources.size() + i), uses[i]});
  told_.clear();
  join.offer = session::make_participant_offer(local_, sources, {.audio = kVoices, .video = uses.size() - kVoices});
  say(join);
}

void Participant::handle(const messages::Answer& answer, TimePoint now) {
  if (answer.id != join_id_ || media_) return;
  const auto agreed = session::read_participant_answer(answer.answer);
  if (!agreed) {
    ended_ = fmt::format("The answer cannot be used: {} ({})", agreed.error().message, agreed.error().field);
    return;
  }
  // The server numbers the slots.
  std::vector<SlotReceiver> slots;
  for (const auto& slot : agreed->slots)
    for (const auto& answered : answer.slots)
      if (answered.mid == slot.slot.mid)
        slots.emplace_back(slot, static_cast<media::SlotNumber>(answered.slot), from_message(answered.use));
  // In place: a link cannot be moved.
  media_.reset(new Media{PeerLink(local_, *agreed, dtls_, random_, now),
                         MediaSender(recording_, *agreed, settings_.number, local_.cname, random_, ntp_),
                         MediaReceiver(std::move(slots), local_.cname, random_)});
  media_->sender.speak(speaking_);
  demand();
}

void Participant::handle(const messages::Refused& refused, TimePoint now) {
  if (passes(refused.code) && refused.id && (*refused.id == join_id_ || *refused.id == demand_id_))
    ask_again_ = now + kAskAgain;
  else if (!media_)
    ended_ = refused.message;
}

void Participant::demand() {
  messages::Demand demand{.id = demand_id_ = next_id_++};
  std::size_t next = 0;
  for (const auto& slot : slots()) {
    if (slot.use() != media::SlotUse::tile || next >= settings_.seats.size()) continue;
    demand.slots.push_back({.slot = slot.number(), .seat = settings_.seats[next++], .quality = settings_.tile_quality});
  }
  if (demand.slots.empty()) return;
  say(demand);
}

void Participant::set_stage(const std::string& seat) { say(messages::SetStage{.id = next_id_++, .seat = seat}); }

void Participant::leave() {
  say(messages::Leave{.id = next_id_++});
  if (media_) media_->link.close();
}

void Participant::speak(bool speaking) {
  speaking_ = speaking;
  if (media_) media_->sender.speak(speaking);
}

std::optional<std::string> Participant::ended() const {
  if (ended_) return ended_;
  if (media_ && media_->link.closed()) return "Its media connection was closed.";
  return std::nullopt;
}

std::optional<TimePoint> Participant::connected_at() const {
  return media_ ? media_->link.connected_at() : std::nullopt;
}

std::span<const SlotReceiver> Participant::slots() const {
  return media_ ? media_->receiver.slots() : std::span<const SlotReceiver>{};
}

const SlotReceiver* Participant::stage() const {
  const auto all = slots();
  const auto found =
      std::find_if(all.begin(), all.end(), [](const auto& slot) { return slot.use() == media::SlotUse::stage; });
  return found == all.end() ? nullptr : &*found;
}

std::size_t Participant::slots_said_to_be(messages::SlotState state) const {
  return static_cast<std::size_t>(
      std::count_if(told_.begin(), told_.end(), [&](const auto& told) { return told.second == state; }));
}

// -- media --

void Participant::handle_datagram(MutableBytes datagram, const NetworkPath& path, TimePoint now, TimePoint arrived,
                                  LatencyHistogram* latency) {
  if (!media_) return;
  if (line_)
    line_->push(datagram, path, arrived);
  else
    take_datagram(datagram, path, now, arrived, latency);
}

void Participant::take_datagram(MutableBytes datagram, const NetworkPath& path, TimePoint now, TimePoint arrived,
                                LatencyHistogram* latency) {
  auto& [link, sender, receiver, started] = *media_;
  if (link.handle_control(datagram, path, now)) {
    if (!started && link.connected()) {
      started = true;
      sender.start(now);
    }
    return;
  }
  if (!link.connected()) return;
  if (wire::classify_datagram(datagram) == wire::DatagramKind::rtp)
    return receiver.handle_rtp(datagram, link, now, arrived, latency);
  const auto compound = link.open_rtcp(datagram);
  if (!compound) return;
  sender.handle_rtcp(*compound, link);
  receiver.handle_rtcp(*compound, now);
}

void Participant::handle_timeout(TimePoint now, LatencyHistogram* latency) {
  if (ask_again_ <= now) {
    ask_again_ = kNever;
    media_ ? demand() : join();
  }
  if (!media_) return;
  if (line_)
    while (auto datagram = line_->pop(now))
      take_datagram(datagram->bytes, datagram->path, now, datagram->through, latency);
  auto& link = media_->link;
  link.handle_timeout(now);
  if (!link.connected()) return;
  media_->sender.handle_timeout(now, link);
  media_->receiver.handle_timeout(now, link);
}

TimePoint Participant::next_deadline() const {
  if (!media_) return ask_again_;
  auto deadline = std::min(ask_again_, media_->link.next_deadline());
  if (line_) deadline = std::min(deadline, line_->next_deadline());
  if (!media_->link.connected()) return deadline;
  return std::min({deadline, media_->sender.next_deadline(), media_->receiver.next_deadline()});
}

bool Participant::poll_transmit(session::OutgoingDatagram& out) { return media_ && media_->link.poll_transmit(out); }

}  // namespace bridgehall::load

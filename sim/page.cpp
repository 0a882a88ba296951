#include "sim/page.h"

#include <algorithm>

#include "conference/visibility.h"
#include "web/page_messages.h"

namespace bridgehall::sim {
namespace {

// As the real page has it.
constexpr Duration kFirstWait = 250ms, kLongestWait = 2s;
constexpr Duration kPingInterval = 2s, kSilence = 5s, kGreeting = 5s, kSettled = 5s;

}  // namespace

ModelPage::ModelPage(PageSurroundings& surroundings, const PageSetup& setup)
    : surroundings_(surroundings), setup_(setup), random_(setup.seed) {}

// -- the person --

void ModelPage::start() {
  if (here()) return;
  asleep_ = false;
  session_.clear();
  has_mirror_ = mirror_awaited_ = false;
  attempt_ = join_attempt_ = 0;
  path_ = Path::none;
  join_kind_ = JoinKind::first;
  open();
}

void ModelPage::leave() {
  if (!here()) return;
  ask(messages::Leave{});
  finish();
}

void ModelPage::vanish() {
  if (media_ != nullptr) media_->vanish();
  media_ = nullptr;
  finish();
}

void ModelPage::fall_asleep() {
  asleep_ = true;
  for (auto* media : {media_, asking_})
    if (media != nullptr) media->fall_asleep();
}

void ModelPage::wake() {
  asleep_ = false;
  for (auto* media : {media_, asking_})
    if (media != nullptr) media->wake();
}

void ModelPage::path_broke() {
  if (state_ == State::live && path_ == Path::connected) restart_ice();
}

void ModelPage::finish() {
  if (media_ != nullptr) media_->leave();
  media_ = asking_ = nullptr;
  surroundings_.close_socket(*this);
  forget_commands();
  path_ = Path::none;
  become(State::over, kNever);
}

void ModelPage::set_voice(std::optional<std::uint8_t> level) {
  voice_ = level;
  follow_gates();
}

void ModelPage::set_camera(bool on) {
  camera_ = on;
  follow_gates();
}

// Whoever is obedient sends nothing through a closed gate.
void ModelPage::follow_gates() {
  if (media_ == nullptr) return;
  const auto* own = has_mirror() ? mirror_.find(setup_.seat) : nullptr;
  const bool heard = !setup_.obedient || (own != nullptr && own->microphone.open);
  const bool seen = !setup_.obedient || (own != nullptr && own->camera.open);
  media_->set_voice(heard ? voice_ : std::nullopt);
  media_->set_camera(camera_ && seen);
}

// -- the connection --

void ModelPage::become(State state, TimePoint deadline) {
  state_ = state;
  deadline_ = deadline;
  ping_at_ = kNever;
}

Duration ModelPage::backoff(unsigned& attempt, Duration first, Duration longest) {
  const auto ceiling = std::min(longest, first * (1u << std::min(attempt, 10u)));
  ++attempt;
  return ceiling / 2 + Duration{random_.below(static_cast<std::uint64_t>(ceiling.count() / 2))};
}

void ModelPage::open() {
  become(State::opening, now() + kGreeting);
  surroundings_.open_socket(*this);
}

void ModelPage::opened(std::uint32_t life) {
  if (state_ != State::opening) return;
  life_ = life;
  become(State::greeting, now() + kGreeting);
  messages::Hello hello{.version = messages::kVersion, .token = surroundings_.make_token(*this)};
  if (!session_.empty() && has_mirror_) hello.resume = messages::Resume{session_, mirror_.sequence};
  surroundings_.send_text(*this, messages::to_json(messages::ClientMessage(std::move(hello))));
}

void ModelPage::closed() {
  if (state_ == State::opening || state_ == State::greeting || state_ == State::live) drop();
}

void ModelPage::drop() {
  if (state_ == State::live && now() - live_since_ > kSettled) attempt_ = 0;
  surroundings_.close_socket(*this);
  forget_commands();
  become(State::waiting, now() + backoff(attempt_, kFirstWait, kLongestWait));
}

void ModelPage::forget_commands() {
  outstanding_.clear();
  join_id_ = restart_id_ = 0;
}

void ModelPage::advance() {
  if (now() >= ping_at_) {
    ping_at_ = now() + kPingInterval;
    surroundings_.send_text(*this, messages::to_json(messages::ClientMessage(messages::Ping{})));
  }
  if (now() >= deadline_) state_ == State::waiting ? open() : drop();
  if (now() >= look_at_ || now() >= path_deadline_) look_at_path();
}

TimePoint ModelPage::next_deadline() const {
  if (!here() || asleep_) return kNever;
  return std::min({deadline_, ping_at_, look_at_, state_ == State::live ? path_deadline_ : kNever});
}

TimePoint ModelPage::oldest_command() const {
  auto oldest = kNever;
  for (const auto& [id, command] : outstanding_) oldest = std::min(oldest, command.at);
  return oldest;
}

// -- what the server says --

void ModelPage::receive(std::string_view text) {
  if (state_ != State::greeting && state_ != State::live) return;
  const auto message = messages::parse_server_message(text);
  if (!message) return violated("cannot read \"{}\": {}", text.substr(0, 100), message.error().message);
  if (state_ == State::live) deadline_ = now() + kSilence;
  std::visit([&](const auto& what) { take(what); }, *message);
}

void ModelPage::take(const messages::Welcome& welcome) {
  if (state_ != State::greeting) return violated("is welcomed twice");
  if (welcome.seat != setup_.seat) violated("is welcomed as {}", welcome.seat);
  if (welcome.resumed && welcome.session != session_) violated("resumes a session that is not its own");
  resumed_ += welcome.resumed;
  session_ = welcome.session;
  mirror_awaited_ = !welcome.resumed;
  live_since_ = now();
  become(State::live, now() + kSilence);
  ping_at_ = now() + kPingInterval;
  switch (path_) {
    case Path::none:
      return join(JoinKind::first);
    case Path::joining:
    case Path::waiting:
      return join(welcome.resumed || join_kind_ == JoinKind::first ? join_kind_ : JoinKind::afterwards);
    case Path::connecting:
    case Path::connected:
    case Path::restarting:
      if (!welcome.joined) return join(welcome.resumed ? JoinKind::again : JoinKind::afterwards);
      if (path_ != Path::connected) restart_ice();
      send_demand();
  }
}

void ModelPage::take(const messages::Snapshot& snapshot) {
  if (state_ != State::live) violated("gets a snapshot before it is welcomed");
  if (!mirror_awaited_ && snapshot.sequence < mirror_.sequence)
    violated("a snapshot of {} after {}", snapshot.sequence, mirror_.sequence);
  ++snapshots_;
  mirror_ = {snapshot.sequence, snapshot.conference};
  has_mirror_ = true;
  mirror_awaited_ = false;
  follow_gates();
}

void ModelPage::take(const messages::Happened& happened) {
  if (mirror_awaited_ || !has_mirror_) return violated("is told event {} before any snapshot", happened.sequence);
  if (happened.sequence <= mirror_.sequence)
    return violated("is told event {} after {}", happened.sequence, mirror_.sequence);
  check_skipped(happened.sequence);
  const auto& history = surroundings_.history(life_);
  if (happened.sequence > history.size())
    return violated("is told event {}, which has not happened", happened.sequence);
  const auto& event = history[happened.sequence - 1];
  if (web::to_message(event) != happened.event) violated("is told event {} otherwise than it was", happened.sequence);
  if (!conference::may_see(setup_.role, setup_.seat, event)) violated("is told event {}, a secret", happened.sequence);
  mirror_.sequence = happened.sequence;
  mirror_.follow(happened.event);
  follow_gates();
}

void ModelPage::check_skipped(std::uint64_t sequence) {
  const auto& history = surroundings_.history(life_);
  for (auto skipped = mirror_.sequence + 1; skipped < sequence && skipped <= history.size(); ++skipped)
    if (conference::may_see(setup_.role, setup_.seat, history[skipped - 1])) violated("is not told event {}", skipped);
}

void ModelPage::take(const messages::Refused& refusal) {
  using enum messages::RefusalCode;
  ++refused_;
  switch (refusal.code) {
    case malformed:
    case unknown_type:
    case wrong_version:
    case not_greeted:
    case token_invalid:
    case token_expired:
    case unknown_conference:
    case bad_offer:
    case full:
    case too_fast:
    case busy:
      violated("is refused: {} {} {}", messages::name(refusal.code), refusal.message, refusal.field.value_or(""));
      break;
    default:
      break;
  }
  if (!refusal.id) return;  // of a hello: bye follows
  const auto id = *refusal.id;
  if (!settle(id, "refused")) return;
  if (id == join_id_) {
    join_id_ = 0;
    wait_to_join();
  } else if (id == restart_id_) {
    restart_id_ = 0;
    restarts_ = false;
    if (path_ == Path::restarting) join(JoinKind::again);
  }
}

void ModelPage::take(const messages::Slots& slots) {
  for (const auto& content : slots.slots) {
    // Between a join and its answer the numbers mean nothing yet.
    if (asking_ == nullptr && media_ != nullptr &&
        media_->slot(static_cast<media::SlotNumber>(content.slot)) == nullptr)
      violated("is told of slot {}, which it does not have", content.slot);
    told_[content.slot] = {content, now()};
  }
}

void ModelPage::take(const messages::Speaking& speaking) {
  speaking_ = speaking.seats;
  if (speaking_.size() > media::kVoicePlaces) violated("{} speak at a time", speaking_.size());
}

void ModelPage::take(const messages::Bye& bye) {
  using enum messages::ByeCode;
  switch (bye.code) {
    case replaced:
    case removed:
    case revoked:
      return finish();
    case refused:
    case draining:
      return drop();
    case too_slow:
    case too_fast:
      violated("is sent away: {}", bye.message);
      return drop();
  }
}

// -- commands --

void ModelPage::send_command(std::uint32_t id, const messages::ClientMessage& message) {
  outstanding_[id] = {message.index(), now()};
  surroundings_.send_text(*this, messages::to_json(message));
}

bool ModelPage::settle(std::uint32_t id, std::string_view how) {
  const auto found = outstanding_.find(id);
  if (found == outstanding_.end()) {
    violated("{} answers command {}, which it does not wait for", how, id);
    return false;
  }
  const auto kind = found->second.kind;
  outstanding_.erase(found);
  ++answered_;
  const auto expected = kind == messages::ClientMessage(messages::Join{}).index()         ? "answer"
                        : kind == messages::ClientMessage(messages::RestartIce{}).index() ? "ice_restarted"
                                                                                          : "done";
  if (how != expected && how != "refused") violated("{} answers command {}, {} was expected", how, id, expected);
  return true;
}

void ModelPage::demand(std::vector<Tile> tiles) {
  tiles_ = std::move(tiles);
  send_demand();
}

void ModelPage::send_demand() {
  if (path_ == Path::none || path_ == Path::joining || path_ == Path::waiting || tile_slots_.empty()) return;
  messages::Demand demand;
  for (std::size_t i = 0; i < tile_slots_.size(); ++i) {
    messages::SlotDemand slot{.slot = tile_slots_[i]};
    if (i < tiles_.size()) {
      slot.seat = tiles_[i].seat;
      slot.quality = tiles_[i].quality;
    }
    demand.slots.push_back(std::move(slot));
  }
  if (state_ != State::live) return;
  demand.id = ++last_id_;
  send_command(demand.id, messages::ClientMessage(std::move(demand)));
}

}  // namespace bridgehall::sim

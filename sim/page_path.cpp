// How a page gets and keeps its media: when it joins, restarts ICE, or joins anew.
#include <algorithm>

#include "sim/page.h"

namespace bridgehall::sim {
namespace {

constexpr Duration kFirstWait = 250ms, kLongestWait = 4s;
constexpr Duration kJoining = 8s, kConnecting = 8s, kRestarting = 5s;
constexpr Duration kDisturbed = 6500ms;  // without any datagram: a check of consent went unanswered
constexpr Duration kLookInterval = 20ms;

}  // namespace

void ModelPage::become(Path path, TimePoint deadline) {
  path_ = path;
  path_deadline_ = deadline;
  look_at_ = now() + kLookInterval;
}

// The microphone stays closed where the server no longer knew us, until somebody opens it.
void ModelPage::join(JoinKind kind) {
  join_kind_ = kind;
  restarts_ = true;
  if (media_ != nullptr) media_->vanish();
  media_ = nullptr;
  told_.clear();
  tile_slots_.clear();
  become(Path::joining, now() + kJoining);
  asking_ = &surroundings_.make_media(*this);
  auto offer = asking_->make_offer();
  const auto* own = has_mirror() ? mirror_.find(setup_.seat) : nullptr;
  messages::Join join{
      .id = ++last_id_,
      .offer = std::move(offer.text),
      .sends = std::move(offer.sends),
      .slots = std::move(offer.slots),
      .microphone = kind == JoinKind::first || (kind == JoinKind::again && own != nullptr && own->microphone.open),
      .camera = camera_};
  join_id_ = join.id;
  send_command(join.id, messages::ClientMessage(std::move(join)));
}

void ModelPage::take(const messages::Answer& answer) {
  if (!settle(answer.id, "answer")) return;
  if (answer.id != join_id_ || asking_ == nullptr) return;
  join_id_ = 0;
  media_ = std::exchange(asking_, nullptr);
  told_.clear();  // of the session before
  media_->take_answer(answer);
  for (const auto& slot : answer.slots)
    if (slot.use == messages::SlotUse::tile) tile_slots_.push_back(slot.slot);
  become(Path::connecting, now() + kConnecting);
  follow_gates();
  send_demand();
}

void ModelPage::restart_ice() {
  if (!restarts_) return join(JoinKind::again);
  become(Path::restarting, now() + kRestarting);
  restarted_at_ = now();
  messages::RestartIce restart{.id = ++last_id_, .fragment = media_->make_restart_fragment()};
  restart_id_ = restart.id;
  send_command(restart.id, messages::ClientMessage(std::move(restart)));
}

void ModelPage::take(const messages::IceRestarted& restarted) {
  if (!settle(restarted.id, "ice_restarted")) return;
  if (restarted.id != restart_id_ || media_ == nullptr) return;
  restart_id_ = 0;
  restarted_at_ = now();
  media_->take_restart_fragment(restarted.fragment);
}

void ModelPage::wait_to_join() { become(Path::waiting, now() + backoff(join_attempt_, kFirstWait, kLongestWait)); }

void ModelPage::look_at_path() {
  look_at_ = path_ == Path::none ? kNever : now() + kLookInterval;
  const bool has_path = path_ == Path::connecting || path_ == Path::connected || path_ == Path::restarting;
  if (has_path && !media_->joined()) {  // the server said goodbye
    join_kind_ = JoinKind::again;
    return wait_to_join();
  }
  const bool moved = path_ != Path::restarting || (restart_id_ == 0 && media_->heard_at() > restarted_at_);
  if (has_path && path_ != Path::connected && media_->connected() && moved) {
    join_attempt_ = 0;
    become(Path::connected, kNever);
  }
  const bool settled_now = settled();
  if (settled_now != std::exchange(was_settled_, settled_now)) settled_since_ = settled_now ? now() : kNever;
  if (state_ != State::live) return;
  if (path_ == Path::connected && now() - media_->heard_at() > kDisturbed) return restart_ice();
  if (now() < path_deadline_) return;
  if (path_ == Path::waiting)
    join(join_kind_);
  else if (path_ == Path::connecting || path_ == Path::restarting)
    join(JoinKind::again);
  else if (path_ == Path::joining)
    wait_to_join();
}

}  // namespace bridgehall::sim

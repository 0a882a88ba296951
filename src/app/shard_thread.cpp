#include "app/shard_thread.h"

#include <algorithm>

#include <fmt/format.h>
#include <pthread.h>

#include "io/clock.h"

namespace bridgehall::app {

ShardThread::ShardThread(const media::ShardConfiguration& configuration, io::UdpSocket socket,
                         Surroundings surroundings)
    : random_(std::move(surroundings.random)),
      events_ready_(surroundings.events_ready),
      wake_(std::move(surroundings.wake)),
      socket_(std::move(socket)),
      now_(io::read_clock()),
      shard_(configuration, surroundings.dtls, *random_, now_) {
  poller_.add(socket_.fd(), 0);
  poller_.add(bell_.fd(), 1);
  poller_.add(tcp_.fd(), 2);
}

void ShardThread::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), fmt::format("shard-{}", shard_.number().value()).c_str());
}

void ShardThread::stop() {
  stopping_.store(true, std::memory_order_release);
  bell_.ring();
  if (thread_.joinable()) thread_.join();
}

void ShardThread::push(media::Command&& command) {
  commands_.push(std::move(command));
  bell_.ring();
}

bool ShardThread::adopt(io::TcpAdoption&& connection) {
  if (!adoptions_.push(std::move(connection))) return false;
  bell_.ring();
  return true;
}

// The turn of the loop, hop 1 to hop 6. A turn that received a full batch does not sleep before the next.
void ShardThread::run() {
  bool more = false;
  while (!stopping_.load(std::memory_order_acquire)) {
    wait(more);
    const auto received = receive();
    handle(received);
    more = received == media::Shard::kReceiveBatch;
    more |= receive_tcp();
  }
  handle(0);
}

void ShardThread::wait(bool more) {
  const auto waits = [&] {
    return commands_.waiting() > 0 || adoptions_.waiting() > 0 || shard_.has_mail() ||
           stopping_.load(std::memory_order_acquire);
  };
  if (const auto until = shard_.undisturbed_until(now_); !more && !unsent_event_ && until > now_) {
    nap_.wait(until, now_);
    now_ = io::read_clock();
    return;
  }
  auto deadline = more || unsent_event_ ? now_ : std::min(shard_.next_deadline(), tcp_.next_deadline());
  if (deadline > now_ && !bell_.lie_down(waits)) deadline = now_;
  for (const auto token : poller_.wait(deadline, now_))
    if (token == 1) bell_.clear();
  bell_.get_up();
  now_ = io::read_clock();
}

// After what came over UDP: the same receive buffers, once more. True: there may be more.
bool ShardThread::receive_tcp() {
  while (auto connection = adoptions_.pop()) tcp_.adopt(std::move(*connection), now_);
  if (tcp_.size() == 0) return false;
  const auto received = tcp_.receive(shard_.receive_buffers(), datagrams_);
  const bool followed = follow_tcp();
  if (received > 0 || followed) handle(received);
  return received == media::Shard::kReceiveBatch || tcp_.has_changes();
}

bool ShardThread::follow_tcp() {
  tcp_.review(now_, [this](const TransportAddress& remote) { return shard_.knows(remote); });
  bool changed = false;
  while (const auto change = tcp_.poll_change()) {
    changed = true;
    if (change->kind == io::TcpChange::Kind::closed)
      shard_.lose_path(change->remote, now_);
    else
      shard_.set_backlog(change->remote, change->kind == io::TcpChange::Kind::full, now_);
  }
  shard_.count_tcp_drops(tcp_.counters().frames_dropped);
  return changed;
}

std::size_t ShardThread::receive() { return socket_.receive(shard_.receive_buffers(), datagrams_); }

void ShardThread::handle(std::size_t received) {
  shard_.look_at_mail();
  take_commands();
  shard_.handle_mail(now_);
  shard_.handle_datagrams(std::span{datagrams_}.first(received), now_);
  shard_.advance(now_);
  send();
  give_events();
  shard_.take_addressed().for_each(wake_);
}

// Not everything at once where a keyframe goes to hundreds: what has come meanwhile is read in between, so that sound
// rides with the rest instead of following it.
void ShardThread::send() {
  for (int part = 0; part < kPartsPerTurn; ++part) {
    const auto trains = shard_.poll_transmit(now_);
    if (trains.empty()) break;
    socket_.send(trains);
    if (tcp_.size() > 0) tcp_.send(trains);
  }
  shard_.count_socket(socket_.send_errors(), socket_.receive_overflows(), socket_.segmentation());
}

void ShardThread::take_commands() {
  while (auto command = commands_.pop()) shard_.handle_command(std::move(*command), now_);
}

void ShardThread::give_events() {
  bool signal = false;
  for (;;) {
    if (!unsent_event_) {
      media::Event event;
      if (!shard_.poll_event(event)) break;
      unsent_event_ = std::move(event);
    }
    if (!events_.push(std::move(*unsent_event_))) break;
    unsent_event_.reset();
    signal = true;
  }
  if (signal) events_ready_.signal();
}

}  // namespace bridgehall::app

#include "app/shard_thread.h"

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

// The turn of the loop, hop 1 to hop 6. A turn that received a full batch does not sleep before the next.
void ShardThread::run() {
  bool more = false;
  while (!stopping_.load(std::memory_order_acquire)) {
    sleep(more);
    const auto received = receive();
    handle(received);
    more = received == media::Shard::kReceiveBatch;
  }
  handle(0);
}

void ShardThread::sleep(bool more) {
  const auto waits = [&] {
    return commands_.waiting() > 0 || shard_.has_mail() || stopping_.load(std::memory_order_acquire);
  };
  auto deadline = more || unsent_event_ ? now_ : shard_.next_deadline();
  if (deadline > now_ && !bell_.lie_down(waits)) deadline = now_;
  for (const auto token : poller_.wait(deadline, now_))
    if (token == 1) bell_.clear();
  bell_.get_up();
  now_ = io::read_clock();
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

void ShardThread::send() {
  for (auto trains = shard_.poll_transmit(now_); !trains.empty(); trains = shard_.poll_transmit(now_))
    socket_.send(trains);
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

#include "app/shard_thread.h"

#include <pthread.h>

#include "io/clock.h"
#include "io/poller.h"

namespace bridgehall::app {

Result<std::unique_ptr<ShardThread>> ShardThread::start(const ShardSettings& settings,
                                                        std::unique_ptr<crypto::DtlsFactory> dtls,
                                                        std::unique_ptr<RandomSource> random) {
  auto socket = io::UdpSocket::open({.port = settings.media_port,
                                     .receive_buffer = settings.receive_buffer,
                                     .send_buffer = settings.send_buffer,
                                     .arrival_times = true});
  if (!socket) return std::unexpected(socket.error());
  return std::unique_ptr<ShardThread>(
      new ShardThread(settings, std::move(dtls), std::move(random), std::move(*socket)));
}

ShardThread::ShardThread(const ShardSettings& settings, std::unique_ptr<crypto::DtlsFactory> dtls,
                         std::unique_ptr<RandomSource> random, io::UdpSocket socket)
    : dtls_(std::move(dtls)),
      random_(std::move(random)),
      socket_(std::move(socket)),
      shard_({.max_peers = settings.max_peers, .ntp = io::read_ntp_origin()}, *dtls_, *random_, io::read_clock()) {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "shard-0");
}

ShardThread::~ShardThread() {
  stopping_.store(true, std::memory_order_release);
  commands_ready_.signal();
  thread_.join();
}

bool ShardThread::push(media::Command&& command) {
  if (!commands_.push(std::move(command))) return false;
  commands_ready_.signal();
  return true;
}

std::optional<media::Event> ShardThread::pop() { return events_.pop(); }

// The turn of the loop, hop 1 to hop 6. A turn that received a full batch does not sleep before the next.
void ShardThread::run() {
  io::Poller poller;
  poller.add(socket_.fd(), 0);
  poller.add(commands_ready_.fd(), 1);
  auto now = io::read_clock();
  bool more = false;
  while (!stopping_.load(std::memory_order_acquire)) {
    const auto deadline = more || unsent_event_ ? now : shard_.next_deadline();
    for (const auto token : poller.wait(deadline, now))
      if (token == 1) commands_ready_.clear();
    now = io::read_clock();
    more = receive(now) == media::Shard::kReceiveBatch;
    exchange_with_control(now);
    shard_.advance(now);
    send(now);
    exchange_with_control(now);
  }
  exchange_with_control(now);
  send(now);
}

std::size_t ShardThread::receive(TimePoint now) {
  const auto count = socket_.receive(shard_.receive_buffers(), datagrams_);
  shard_.handle_datagrams(std::span{datagrams_}.first(count), now);
  return count;
}

void ShardThread::send(TimePoint now) {
  for (auto trains = shard_.poll_transmit(now); !trains.empty(); trains = shard_.poll_transmit(now))
    socket_.send(trains);
  shard_.count_send_errors(socket_.send_errors());
}

void ShardThread::exchange_with_control(TimePoint now) {
  while (auto command = commands_.pop()) shard_.handle_command(std::move(*command), now);
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

// What HttpServer's connections hold while they wait: a time limit, and their place in a count. Control thread only.
#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/time.h"

namespace bridgehall::web {

// Ends whatever a socket waits for when the time is up. The handler outlives neither: it holds its own shared state.
class Deadline {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  explicit Deadline(Socket& socket) : state_(std::make_shared<State>(socket)) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() {
    state_->socket = nullptr;
    state_->timer.cancel();
  }
  void set(Duration duration) {
    const auto turn = ++state_->turn;
    state_->expired = false;
    state_->timer.expires_after(duration);
    state_->timer.async_wait([state = state_, turn](const boost::system::error_code& error) {
      if (error || turn != state->turn || !state->socket) return;
      state->expired = true;
      boost::system::error_code ignored;
      state->socket->cancel(ignored);
    });
  }
  // The time is up at once.
  void expire() {
    ++state_->turn;
    state_->timer.cancel();
    state_->expired = true;
    boost::system::error_code ignored;
    if (state_->socket) state_->socket->cancel(ignored);
  }
  void clear() {
    ++state_->turn;
    state_->timer.cancel();
  }
  bool expired() const { return state_->expired; }

 private:
  struct State {
    explicit State(Socket& s) : socket(&s), timer(s.get_executor()) {}
    Socket* socket;
    boost::asio::steady_timer timer;
    std::uint64_t turn = 0;
    bool expired = false;
  };
  std::shared_ptr<State> state_;
};

// One more for as long as it lives.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::size_t& count_;
};

}  // namespace bridgehall::web

// The client's end of one WebSocket (RFC 6455): the handshake and text messages, over a stream of bytes that someone
// else carries. Sans-IO: bytes go in, texts and bytes are polled out. Bounds: kMaxText for a message, kMaxHead for the
// answer to the handshake; a server that sends more, or anything else than the protocol allows, has failed.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"

namespace bridgehall::load {

class WebSocketClient {
 public:
  static constexpr std::size_t kMaxHead = 16 * 1024;
  static constexpr std::size_t kMaxText = 4 * 1024 * 1024;  // a snapshot of a conference of thousands of seats

  // `random` makes the masks; it outlives this.
  WebSocketClient(std::string_view host, std::string_view path, RandomSource& random);

  void send(std::string_view text);
  // Says that this end is done; the server's answer closes it.
  void close();
  // What came in; may hold any part of a message or several.
  void receive(BytesView bytes);

  // Bytes to be written next, in order; take() says how many were.
  std::string_view outgoing() const { return outgoing_; }
  void take(std::size_t bytes) { outgoing_.erase(0, bytes); }
  std::optional<std::string> poll_text();

  // Closed by the server, or failed: a sentence. Nothing more comes.
  const std::optional<std::string>& ended() const { return ended_; }

 private:
  bool read_head();
  bool read_frame();
  void handle_frame(std::uint8_t opcode, bool last, std::string_view payload);
  void write_frame(std::uint8_t opcode, std::string_view payload);
  void fail(std::string_view why);

  RandomSource& random_;
  std::string key_;
  std::string outgoing_;
  std::string waiting_;  // texts' frames, until the handshake is done
  std::string incoming_;
  std::string message_;  // fragments of one so far
  bool in_message_ = false;
  bool open_ = false;
  bool closing_ = false;
  std::deque<std::string> texts_;
  std::optional<std::string> ended_;
};

}  // namespace bridgehall::load

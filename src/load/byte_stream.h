// A connected TCP or TLS stream that never waits (libcurl in CONNECT_ONLY mode: it resolves, connects and speaks TLS,
// and leaves the bytes to us). Its own WebSocket interface is not used: Debian's 7.88 is built without. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace bridgehall::load {

class ByteStream {
 public:
  // Waits until the connection stands. `url`: http or https; only its host and port count.
  static Result<ByteStream> connect(const std::string& url);
  ~ByteStream();
  ByteStream(ByteStream&&) noexcept;
  ByteStream& operator=(ByteStream&&) noexcept;

  int fd() const;
  // Bytes written; 0 when there is no room for now. nullopt: the stream is broken.
  std::optional<std::size_t> write(std::string_view bytes);
  // Bytes read; 0 when there are none for now. nullopt: the stream has ended.
  std::optional<std::size_t> read(MutableBytes out);

 private:
  struct State;
  explicit ByteStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bridgehall::load

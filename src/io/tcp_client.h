// One outgoing TCP connection that never waits, and that ends by a reset so that it leaves nothing behind in the
// kernel: for floods of thousands. One thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"
#include "io/file_descriptor.h"

namespace bridgehall::io {

class TcpClient {
 public:
  // Begins to connect, from that address unless it is unspecified. nullopt: out of descriptors or ports.
  static std::optional<TcpClient> connect(const SocketAddress& server, const IpAddress& from);

  int fd() const { return fd_.get(); }
  // Octets written; 0 while it is not connected or there is no room. nullopt: broken.
  std::optional<std::size_t> write(std::string_view bytes);
  // Octets read; 0 when there are none for now. nullopt: ended.
  std::optional<std::size_t> read(MutableBytes out);

 private:
  explicit TcpClient(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

}  // namespace bridgehall::io

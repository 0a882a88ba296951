#include "crypto/dtls_bio.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace bridgehall::crypto {
namespace {

DatagramPort& port_of(BIO* bio) { return *static_cast<DatagramPort*>(BIO_get_data(bio)); }

int read_datagram(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  auto& port = port_of(bio);
  if (port.incoming.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const auto copied = std::min(port.incoming.size(), static_cast<std::size_t>(std::max(size, 0)));
  std::memcpy(out, port.incoming.data(), copied);
  port.incoming = {};
  return static_cast<int>(copied);
}

int write_datagram(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  auto& port = port_of(bio);
  if (port.written.size() < DatagramPort::kMaxWritten) port.written.emplace_back(bytes, bytes + size);
  return size;
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;  // the MTU is set by hand, and there is nothing to time out
}

int create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* datagram_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams in memory");
    BRIDGEHALL_CHECK(made != nullptr);
    BIO_meth_set_read(made, read_datagram);
    BIO_meth_set_write(made, write_datagram);
    BIO_meth_set_ctrl(made, control);
    BIO_meth_set_create(made, create);
    return made;
  }();
  return method;
}

}  // namespace

BIO* DatagramPort::make_bio() {
  BIO* bio = BIO_new(datagram_method());
  BRIDGEHALL_CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  return bio;
}

}  // namespace bridgehall::crypto

// Any datagram as STUN: views stay inside it, and what was read can be written and read again.
#include <algorithm>
#include <vector>

#include "base/testing.h"
#include "wire/stun.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::wire;

void write_and_read_again(const StunMessage& message) {
  std::vector<std::uint8_t> out(kStunMaxMessage);
  StunWriter writer(out, message.message_class, message.method, message.transaction);
  writer.username(message.username);
  if (message.priority) writer.priority(*message.priority);
  if (message.use_candidate) writer.use_candidate();
  if (message.ice_controlling) writer.ice_controlling(*message.ice_controlling);
  if (message.ice_controlled) writer.ice_controlled(*message.ice_controlled);
  if (message.mapped_address) writer.xor_mapped_address(*message.mapped_address);
  if (message.error_code) writer.error_code(*message.error_code, "");
  std::vector<std::uint8_t> covered;
  writer.message_integrity([&](BytesView bytes) {
    covered = testing::to_vector(bytes);
    return std::array<std::uint8_t, 20>{};
  });
  writer.fingerprint();
  out.resize(writer.finish());
  if (out.empty()) return;  // a username near the largest message, and our attributes after it
  const auto again = parse_stun(out);
  BRIDGEHALL_CHECK(again && again->message_class == message.message_class && again->method == message.method);
  BRIDGEHALL_CHECK(again->transaction == message.transaction && again->username == message.username);
  BRIDGEHALL_CHECK(again->priority == message.priority && again->use_candidate == message.use_candidate);
  BRIDGEHALL_CHECK(again->ice_controlling == message.ice_controlling &&
                   again->ice_controlled == message.ice_controlled);
  BRIDGEHALL_CHECK(again->mapped_address == message.mapped_address);
  BRIDGEHALL_CHECK(again->unknown_comprehension_required == 0);
  std::vector<std::uint8_t> input(kStunMaxMessage);
  input.resize(stun_integrity_input(out, *again, input));
  BRIDGEHALL_CHECK(input == covered);
}

void read(BytesView datagram) {
  const auto message = parse_stun(datagram);
  if (!message) return;
  BRIDGEHALL_CHECK(testing::lies_inside(as_bytes_view(message->username), datagram));
  const auto integrity = stun_integrity_value(datagram, *message);
  BRIDGEHALL_CHECK(testing::lies_inside(integrity, datagram));
  BRIDGEHALL_CHECK(integrity.size() == (message->integrity_offset == 0 ? 0u : 20u));
  std::vector<std::uint8_t> covered(kStunMaxMessage);
  BRIDGEHALL_CHECK(stun_integrity_input(datagram, *message, covered) == message->integrity_offset);
  write_and_read_again(*message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read({data, size});
  if (size < kStunHeaderSize || size > 0xffff) return 0;
  // Once more with a header that holds, so that the attributes are reached whatever a mutation did to the size.
  std::vector<std::uint8_t> repaired(data, data + size - size % 4);
  repaired[0] &= 0x3f;
  store_u16(repaired.data() + 2, static_cast<std::uint16_t>(repaired.size() - kStunHeaderSize));
  store_u32(repaired.data() + 4, kStunCookie);
  read(repaired);
  return 0;
}

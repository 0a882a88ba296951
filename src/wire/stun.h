// STUN messages (RFC 8489) as ICE needs them (RFC 8445), read in place and written into caller's memory. The HMAC of
// MESSAGE-INTEGRITY is made by the caller (crypto is a lower layer): this codec says over which bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"

namespace bridgehall::wire {

inline constexpr std::uint32_t kStunCookie = 0x2112A442;
inline constexpr std::size_t kStunHeaderSize = 20;
inline constexpr std::size_t kStunMaxMessage = 1280;

enum class StunClass : std::uint8_t { request, indication, success, error };
inline constexpr std::uint16_t kStunBinding = 1;

using StunTransactionId = std::array<std::uint8_t, 12>;

struct StunMessage {
  StunClass message_class{};
  std::uint16_t method = 0;
  StunTransactionId transaction{};
  std::string_view username;  // views into the datagram; empty when absent
  std::optional<std::uint32_t> priority;
  bool use_candidate = false;
  std::optional<std::uint64_t> ice_controlling;
  std::optional<std::uint64_t> ice_controlled;
  std::optional<SocketAddress> mapped_address;  // XOR-MAPPED-ADDRESS, undone
  std::optional<std::uint16_t> error_code;
  std::uint16_t unknown_comprehension_required = 0;  // first such attribute, 0 = none
  // Offset of the MESSAGE-INTEGRITY attribute; 0 = absent. The 20-byte HMAC follows its 4-byte header.
  std::size_t integrity_offset = 0;
};

// nullopt: not STUN, longer than kStunMaxMessage, lengths that lie, or a FINGERPRINT (RFC 8489 section 14.7) that is
// wrong or not last. Of an attribute given twice the first counts; those after MESSAGE-INTEGRITY other than FINGERPRINT
// are ignored (section 14.5).
std::optional<StunMessage> parse_stun(BytesView datagram);

// The bytes that MESSAGE-INTEGRITY covers, with the header's length patched as RFC 8489 section 14.5 says, written to
// `out` (kStunMaxMessage bytes always suffice). Returns the covered size; 0 without MESSAGE-INTEGRITY or when `out` is
// too small.
std::size_t stun_integrity_input(BytesView datagram, const StunMessage& message, MutableBytes out);
BytesView stun_integrity_value(BytesView datagram, const StunMessage& message);  // the 20 bytes; empty when absent

// Writes attributes in the order of the calls; message_integrity() and then fingerprint() come last. What does not fit
// makes finish() return 0.
class StunWriter {
 public:
  StunWriter(MutableBytes out, StunClass message_class, std::uint16_t method, const StunTransactionId& transaction);
  void username(std::string_view value);
  void priority(std::uint32_t value);
  void use_candidate();
  void ice_controlling(std::uint64_t tie_breaker);
  void ice_controlled(std::uint64_t tie_breaker);
  void xor_mapped_address(const SocketAddress& address);
  void error_code(std::uint16_t code, std::string_view reason);
  // Appends MESSAGE-INTEGRITY; hmac(BytesView covered) returns std::array<std::uint8_t, 20>. The length is patched
  // before the call.
  template <class Hmac>
  void message_integrity(Hmac&& hmac) {
    set_length(position_ - kStunHeaderSize + 24);
    const auto value = hmac(BytesView{out_.first(position_)});
    append(0x0008, BytesView{value});
  }
  void fingerprint();
  // The size of the message; 0 when it did not fit.
  std::size_t finish();

 private:
  void append(std::uint16_t type, BytesView value);
  void set_length(std::size_t length);

  MutableBytes out_;
  std::size_t position_ = 0;
  bool ok_ = true;
  StunTransactionId transaction_;
};

}  // namespace bridgehall::wire

#include "wire/stun.h"

#include <algorithm>
#include <cstring>

namespace bridgehall::wire {
namespace {

// RFC 8489 section 18.3, RFC 8445 section 16.1.
enum Attribute : std::uint16_t {
  kMappedAddress = 0x0001,
  kUsername = 0x0006,
  kMessageIntegrity = 0x0008,
  kErrorCode = 0x0009,
  kUnknownAttributes = 0x000A,
  kXorMappedAddress = 0x0020,
  kPriority = 0x0024,
  kUseCandidate = 0x0025,
  kFingerprint = 0x8028,
  kIceControlled = 0x8029,
  kIceControlling = 0x802A,
};
constexpr std::uint16_t kComprehensionOptional = 0x8000;
constexpr std::uint32_t kFingerprintXor = 0x5354554e;
constexpr std::size_t kIntegritySize = 20;
constexpr std::uint8_t kFamilyV4 = 1;
constexpr std::uint8_t kFamilyV6 = 2;

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

// CRC-32 of ISO 3309 (polynomial reflected), one byte at a time: STUN messages are short and off the media path.
constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}();

std::uint32_t crc32(BytesView bytes) {
  std::uint32_t c = 0xffffffffu;
  for (const auto b : bytes) c = kCrcTable[(c ^ b) & 0xff] ^ (c >> 8);
  return ~c;
}

// What XOR-MAPPED-ADDRESS is XORed with (RFC 8489 section 14.2): cookie, then transaction id.
std::array<std::uint8_t, 16> address_mask(const StunTransactionId& transaction) {
  std::array<std::uint8_t, 16> mask;
  store_u32(mask.data(), kStunCookie);
  std::memcpy(mask.data() + 4, transaction.data(), transaction.size());
  return mask;
}

bool parse_xor_address(BytesView value, const StunTransactionId& transaction, SocketAddress& out) {
  if (value.size() < 4) return false;
  const bool v4 = value[1] == kFamilyV4;
  if (!v4 && value[1] != kFamilyV6) return false;
  if (value.size() != (v4 ? 8u : 20u)) return false;
  const auto mask = address_mask(transaction);
  out.port = static_cast<std::uint16_t>(load_u16(value.data() + 2) ^ (kStunCookie >> 16));
  if (v4) out.ip = IpAddress::v4(0, 0, 0, 0);
  std::uint8_t* const target = out.ip.bytes.data() + (v4 ? 12 : 0);
  for (std::size_t i = 0; i < value.size() - 4; ++i) target[i] = value[4 + i] ^ mask[i];
  return true;
}

bool first_u32(BytesView value, std::optional<std::uint32_t>& out) {
  if (value.size() != 4) return false;
  if (!out) out = load_u32(value.data());
  return true;
}

bool first_u64(BytesView value, std::optional<std::uint64_t>& out) {
  if (value.size() != 8) return false;
  if (!out) out = ByteReader(value).u64();
  return true;
}

// One attribute before MESSAGE-INTEGRITY. False when its length does not fit its kind.
bool read_attribute(std::uint16_t type, BytesView value, StunMessage& message) {
  switch (type) {
    case kUsername:
      if (message.username.empty()) message.username = as_text(value);
      return true;
    case kPriority:
      return first_u32(value, message.priority);
    case kUseCandidate:
      message.use_candidate = true;
      return value.empty();
    case kIceControlling:
      return first_u64(value, message.ice_controlling);
    case kIceControlled:
      return first_u64(value, message.ice_controlled);
    case kXorMappedAddress: {
      SocketAddress address;
      if (!parse_xor_address(value, message.transaction, address)) return false;
      if (!message.mapped_address) message.mapped_address = address;
      return true;
    }
    case kErrorCode:
      if (value.size() < 4) return false;
      if (!message.error_code) message.error_code = static_cast<std::uint16_t>((value[2] & 7) * 100 + value[3]);
      return true;
    case kMappedAddress:
    case kUnknownAttributes:
      return true;
    default:
      if (type < kComprehensionOptional && message.unknown_comprehension_required == 0)
        message.unknown_comprehension_required = type;
      return true;
  }
}

bool fingerprint_holds(BytesView datagram, std::size_t offset, BytesView value) {
  return value.size() == 4 && load_u32(value.data()) == (crc32(datagram.first(offset)) ^ kFingerprintXor);
}

// RFC 8489 section 5: the class bits lie between the method's bits.
constexpr std::uint16_t message_type(StunClass message_class, std::uint16_t method) {
  const auto c = static_cast<std::uint16_t>(message_class);
  return static_cast<std::uint16_t>((method & 0x000f) | (method & 0x0070) << 1 | (method & 0x0f80) << 2 | (c & 1) << 4 |
                                    (c & 2) << 7);
}

}  // namespace

std::optional<StunMessage> parse_stun(BytesView datagram) {
  if (datagram.size() < kStunHeaderSize || datagram.size() > kStunMaxMessage) return std::nullopt;
  const std::uint16_t type = load_u16(datagram.data());
  const std::size_t length = load_u16(datagram.data() + 2);
  if (type >> 14 != 0 || length % 4 != 0 || length != datagram.size() - kStunHeaderSize) return std::nullopt;
  if (load_u32(datagram.data() + 4) != kStunCookie) return std::nullopt;

  StunMessage message;
  message.message_class = static_cast<StunClass>((type >> 4 & 1) | (type >> 7 & 2));
  message.method = static_cast<std::uint16_t>((type & 0x000f) | (type >> 1 & 0x0070) | (type >> 2 & 0x0f80));
  std::memcpy(message.transaction.data(), datagram.data() + 8, message.transaction.size());

  for (std::size_t at = kStunHeaderSize; at < datagram.size();) {
    // Both the header's length and the padded values are multiples of four, so an attribute header is always whole.
    const std::uint16_t attribute = load_u16(datagram.data() + at);
    const std::size_t size = load_u16(datagram.data() + at + 2);
    if (padded(size) > datagram.size() - at - 4) return std::nullopt;
    const BytesView value = datagram.subspan(at + 4, size);
    const std::size_t next = at + 4 + padded(size);
    if (attribute == kFingerprint) {
      if (next != datagram.size() || !fingerprint_holds(datagram, at, value)) return std::nullopt;
    } else if (message.integrity_offset != 0) {
      // Not covered by the integrity check, hence not looked at.
    } else if (attribute == kMessageIntegrity) {
      if (size != kIntegritySize) return std::nullopt;
      message.integrity_offset = at;
    } else if (!read_attribute(attribute, value, message)) {
      return std::nullopt;
    }
    at = next;
  }
  return message;
}

std::size_t stun_integrity_input(BytesView datagram, const StunMessage& message, MutableBytes out) {
  const std::size_t size = message.integrity_offset;
  if (size == 0 || out.size() < size) return 0;
  std::memcpy(out.data(), datagram.data(), size);
  store_u16(out.data() + 2, static_cast<std::uint16_t>(size - kStunHeaderSize + 4 + kIntegritySize));
  return size;
}

BytesView stun_integrity_value(BytesView datagram, const StunMessage& message) {
  if (message.integrity_offset == 0) return {};
  return datagram.subspan(message.integrity_offset + 4, kIntegritySize);
}

StunWriter::StunWriter(MutableBytes out, StunClass message_class, std::uint16_t method,
                       const StunTransactionId& transaction)
    : out_(out.first(std::min(out.size(), kStunMaxMessage))), transaction_(transaction) {
  ok_ = out_.size() >= kStunHeaderSize;
  if (!ok_) return;
  store_u16(out_.data(), message_type(message_class, method));
  store_u32(out_.data() + 4, kStunCookie);
  std::memcpy(out_.data() + 8, transaction.data(), transaction.size());
  position_ = kStunHeaderSize;
}

void StunWriter::username(std::string_view value) { append(kUsername, as_bytes_view(value)); }

void StunWriter::priority(std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes;
  store_u32(bytes.data(), value);
  append(kPriority, bytes);
}

void StunWriter::use_candidate() { append(kUseCandidate, {}); }

void StunWriter::ice_controlling(std::uint64_t tie_breaker) {
  std::array<std::uint8_t, 8> bytes;
  ByteWriter(bytes).u64(tie_breaker);
  append(kIceControlling, bytes);
}

void StunWriter::ice_controlled(std::uint64_t tie_breaker) {
  std::array<std::uint8_t, 8> bytes;
  ByteWriter(bytes).u64(tie_breaker);
  append(kIceControlled, bytes);
}

void StunWriter::xor_mapped_address(const SocketAddress& address) {
  const auto mask = address_mask(transaction_);
  const bool v4 = address.ip.is_v4();
  std::array<std::uint8_t, 20> bytes{};
  bytes[1] = v4 ? kFamilyV4 : kFamilyV6;
  store_u16(bytes.data() + 2, static_cast<std::uint16_t>(address.port ^ (kStunCookie >> 16)));
  const BytesView ip = BytesView{address.ip.bytes}.subspan(v4 ? 12 : 0);
  for (std::size_t i = 0; i < ip.size(); ++i) bytes[4 + i] = ip[i] ^ mask[i];
  append(kXorMappedAddress, BytesView{bytes}.first(4 + ip.size()));
}

void StunWriter::error_code(std::uint16_t code, std::string_view reason) {
  std::array<std::uint8_t, 132> bytes{};  // reasons are ours: a few words
  const std::size_t size = std::min(reason.size(), bytes.size() - 4);
  bytes[2] = static_cast<std::uint8_t>(code / 100 & 7);
  bytes[3] = static_cast<std::uint8_t>(code % 100);
  std::copy_n(reason.begin(), size, bytes.begin() + 4);
  append(kErrorCode, BytesView{bytes}.first(4 + size));
}

void StunWriter::fingerprint() {
  constexpr std::size_t kAttributeSize = 8;
  set_length(position_ - kStunHeaderSize + kAttributeSize);
  std::array<std::uint8_t, 4> bytes;
  store_u32(bytes.data(), crc32(out_.first(position_)) ^ kFingerprintXor);
  append(kFingerprint, bytes);
}

std::size_t StunWriter::finish() {
  if (!ok_) return 0;
  set_length(position_ - kStunHeaderSize);
  return position_;
}

void StunWriter::append(std::uint16_t type, BytesView value) {
  const std::size_t size = padded(value.size());
  if (!ok_ || out_.size() - position_ < 4 + size) {
    ok_ = false;
    return;
  }
  std::uint8_t* const p = out_.data() + position_;
  store_u16(p, type);
  store_u16(p + 2, static_cast<std::uint16_t>(value.size()));
  if (!value.empty()) std::memcpy(p + 4, value.data(), value.size());
  std::memset(p + 4 + value.size(), 0, size - value.size());
  position_ += 4 + size;
}

void StunWriter::set_length(std::size_t length) {
  if (ok_) store_u16(out_.data() + 2, static_cast<std::uint16_t>(length));
}

}  // namespace bridgehall::wire

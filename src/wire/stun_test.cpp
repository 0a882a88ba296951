#include "wire/stun.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/testing.h"

namespace bridgehall::wire {
namespace {

using testing::for_each_damage;
using testing::from_hex;
using testing::lies_inside;
using testing::to_vector;
using Bytes = std::vector<std::uint8_t>;

constexpr StunTransactionId kTransaction{0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};
// "STUN test client", "test vector", "evtj:h6vY" are written as their bytes.
const Bytes kRequest = from_hex(  // RFC 5769 section 2.1
    "00010058 2112a442 b7e7a701bc34d686fa87dfae"
    "80220010 5354554e207465737420636c69656e74"
    "00240004 6e0001ff"
    "80290008 932ff9b151263b36"
    "00060009 6576746a3a68367659 202020"
    "00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004 e57a3bcf");
const Bytes kResponse4 = from_hex(  // section 2.2
    "0101003c 2112a442 b7e7a701bc34d686fa87dfae"
    "8022000b 7465737420766563746f72 20"
    "00200008 0001a147e112a643"
    "00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004 c07d4c96");
const Bytes kResponse6 = from_hex(  // section 2.3
    "01010048 2112a442 b7e7a701bc34d686fa87dfae"
    "8022000b 7465737420766563746f72 20"
    "00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014 a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004 c8fb0b4c");

// A message of ours with the attributes given as hex and the right length.
Bytes message_with(std::string_view attributes) {
  auto bytes = from_hex("00010000 2112a442 000000000000000000000000");
  for (const auto byte : from_hex(attributes)) bytes.push_back(byte);
  store_u16(bytes.data() + 2, static_cast<std::uint16_t>(bytes.size() - kStunHeaderSize));
  return bytes;
}

TEST(Stun, ReadsTheSampleRequest) {
  const auto message = parse_stun(kRequest);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, StunClass::request);
  EXPECT_EQ(message->method, kStunBinding);
  EXPECT_EQ(message->transaction, kTransaction);
  EXPECT_EQ(message->username, "evtj:h6vY");
  EXPECT_EQ(message->priority, 0x6e0001ffu);
  EXPECT_EQ(message->ice_controlled, 0x932ff9b151263b36u);
  EXPECT_FALSE(message->ice_controlling);
  EXPECT_FALSE(message->use_candidate);
  EXPECT_FALSE(message->mapped_address);
  EXPECT_EQ(message->unknown_comprehension_required, 0);
  EXPECT_EQ(message->integrity_offset, 76u);
}

TEST(Stun, ReadsTheSampleResponses) {
  const auto four = parse_stun(kResponse4);
  ASSERT_TRUE(four);
  EXPECT_EQ(four->message_class, StunClass::success);
  EXPECT_EQ(four->mapped_address->to_string(), "192.0.2.1:32853");
  const auto six = parse_stun(kResponse6);
  ASSERT_TRUE(six);
  EXPECT_EQ(six->mapped_address->to_string(), "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

TEST(Stun, IntegrityCoversTheMessageWithItsLengthAsIfIntegrityWereLast) {
  const auto message = parse_stun(kRequest);
  ASSERT_TRUE(message);
  Bytes covered(kStunMaxMessage);
  covered.resize(stun_integrity_input(kRequest, *message, covered));
  Bytes expected(kRequest.begin(), kRequest.begin() + 76);
  expected[3] = 0x50;  // without the 8 bytes of FINGERPRINT
  EXPECT_EQ(covered, expected);
  EXPECT_EQ(to_vector(stun_integrity_value(kRequest, *message)), from_hex("9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"));
}

TEST(Stun, IntegrityOfAMessageWithoutItIsEmpty) {
  const auto bytes = message_with("");
  const auto message = parse_stun(bytes);
  ASSERT_TRUE(message);
  Bytes covered(kStunMaxMessage);
  EXPECT_EQ(stun_integrity_input(bytes, *message, covered), 0u);
  EXPECT_TRUE(stun_integrity_value(bytes, *message).empty());
  EXPECT_EQ(stun_integrity_input(kRequest, *parse_stun(kRequest), MutableBytes{covered}.first(75)), 0u);
}

TEST(Stun, RefusesMessagesThatLie) {
  const struct {
    const char* why;
    Bytes bytes;
  } cases[] = {
      {"empty", {}},
      {"nineteen bytes", from_hex("00010000 2112a442 0000000000000000000000")},
      {"another cookie", from_hex("00010000 2112a443 000000000000000000000000")},
      {"top bits set", from_hex("40010000 2112a442 000000000000000000000000")},
      {"length beyond the end", from_hex("00010004 2112a442 000000000000000000000000")},
      {"length before the end", from_hex("00010000 2112a442 000000000000000000000000 00000000")},
      {"length not of four", from_hex("00010002 2112a442 000000000000000000000000 0000")},
      {"an attribute beyond the end", message_with("00060005 61616161")},
      {"an attribute of 65,535 bytes", message_with("0006ffff 61616161")},
      {"a value whose padding is missing", message_with("00060008 61616161")},
      {"a priority of three bytes", message_with("00240003 00000000")},
      {"a priority of eight bytes", message_with("00240008 0000000000000000")},
      {"a use-candidate with a value", message_with("00250004 00000000")},
      {"a tie-breaker of four bytes", message_with("802a0004 00000000")},
      {"an error code of two bytes", message_with("00090002 00000000")},
      {"an address of an unknown family", message_with("00200008 0003a147e112a643")},
      {"an IPv6 address of four bytes", message_with("00200008 0002a147e112a643")},
      {"an IPv4 address of sixteen bytes", message_with("00200014 0001a1470113a9faa5d3f179bc25f4b5bed2b9d9")},
      {"an integrity of 16 bytes", message_with("00080010 00000000000000000000000000000000")},
      {"a fingerprint of eight bytes", message_with("80280008 0000000000000000")},
      {"a wrong fingerprint", message_with("80280004 00000000")},
  };
  for (const auto& c : cases) EXPECT_FALSE(parse_stun(c.bytes)) << c.why;
}

TEST(Stun, RefusesMoreThanItsLargestMessage) {
  Bytes bytes(kStunMaxMessage + 4);
  const auto start = from_hex("000104ec 2112a442 000000000000000000000000 802204e8");
  std::copy(start.begin(), start.end(), bytes.begin());
  EXPECT_FALSE(parse_stun(bytes));
  bytes.resize(kStunMaxMessage);
  store_u16(bytes.data() + 2, kStunMaxMessage - kStunHeaderSize);
  store_u16(bytes.data() + 22, kStunMaxMessage - kStunHeaderSize - 4);
  EXPECT_TRUE(parse_stun(bytes));
}

TEST(Stun, RefusesAChangedByteWhereFingerprintCovers) {
  for (std::size_t i = 0; i < kRequest.size(); ++i) {
    auto changed = kRequest;
    changed[i] ^= 0x40;
    // A changed type of the FINGERPRINT attribute itself hides it; all else must be noticed.
    EXPECT_EQ(parse_stun(changed).has_value(), i == 100 || i == 101) << i;
  }
}

TEST(Stun, RefusesAFingerprintThatIsNotLast) {
  // The value is right for the twenty bytes before it, so only its place is wrong.
  EXPECT_FALSE(parse_stun(message_with("80280004 c1a2de39 00250000")));
}

TEST(Stun, IgnoresWhatIntegrityDoesNotCover) {
  const auto bytes = message_with(
      "00240004 00000001"
      "00080014 0000000000000000000000000000000000000000"
      "00060004 61616161 00250000 00240004 00000002 00080014 1111111111111111111111111111111111111111 77770000");
  const auto message = parse_stun(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->username, "");
  EXPECT_FALSE(message->use_candidate);
  EXPECT_EQ(message->priority, 1u);
  EXPECT_EQ(message->integrity_offset, 28u);
  EXPECT_EQ(message->unknown_comprehension_required, 0);
}

TEST(Stun, CountsTheFirstOfTwoEqualAttributes) {
  const auto bytes = message_with("00060004 61616161 00060004 62626262 00240004 00000001 00240004 00000002");
  const auto message = parse_stun(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->username, "aaaa");
  EXPECT_EQ(message->priority, 1u);
}

TEST(Stun, NamesTheFirstAttributeItShouldUnderstandButDoesNot) {
  EXPECT_EQ(parse_stun(message_with("80000000 7f010000 7f020000"))->unknown_comprehension_required, 0x7f01);
  EXPECT_EQ(parse_stun(message_with("80220004 61616161 c0570004 00000000"))->unknown_comprehension_required, 0);
}

TEST(Stun, ReadsEveryClassAndMethod) {
  for (const auto message_class : {StunClass::request, StunClass::indication, StunClass::success, StunClass::error})
    for (std::uint16_t method = 0; method < 0x1000; ++method) {
      std::array<std::uint8_t, kStunHeaderSize> out;
      StunWriter writer(out, message_class, method, kTransaction);
      ASSERT_EQ(writer.finish(), kStunHeaderSize);
      const auto message = parse_stun(out);
      ASSERT_TRUE(message);
      ASSERT_EQ(message->message_class, message_class);
      ASSERT_EQ(message->method, method);
    }
}

TEST(StunWriter, WritesTheTypesOfBinding) {  // RFC 8489 section 5
  const auto type = [](StunClass message_class) {
    std::array<std::uint8_t, kStunHeaderSize> out;
    StunWriter(out, message_class, kStunBinding, kTransaction).finish();
    return load_u16(out.data());
  };
  EXPECT_EQ(type(StunClass::request), 0x0001);
  EXPECT_EQ(type(StunClass::indication), 0x0011);
  EXPECT_EQ(type(StunClass::success), 0x0101);
  EXPECT_EQ(type(StunClass::error), 0x0111);
}

TEST(StunWriter, WritesTheSampleAddresses) {
  const struct {
    const char* ip;
    const char* attribute;
  } cases[] = {{"192.0.2.1", "00200008 0001a147e112a643"},
               {"2001:db8:1234:5678:11:2233:4455:6677", "00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"}};
  for (const auto& c : cases) {
    Bytes out(kStunMaxMessage);
    StunWriter writer(out, StunClass::success, kStunBinding, kTransaction);
    writer.xor_mapped_address({*IpAddress::parse(c.ip), 32853});
    out.resize(writer.finish());
    EXPECT_EQ(Bytes(out.begin() + kStunHeaderSize, out.end()), from_hex(c.attribute));
  }
}

TEST(StunWriter, PatchesTheLengthBeforeIntegrityAndFingerprint) {
  Bytes out(kStunMaxMessage);
  StunWriter writer(out, StunClass::request, kStunBinding, kTransaction);
  writer.username("ab:cd");
  Bytes covered;
  writer.message_integrity([&](BytesView bytes) {
    covered = to_vector(bytes);
    return std::array<std::uint8_t, 20>{1, 2, 3};
  });
  writer.fingerprint();
  out.resize(writer.finish());
  const auto message = parse_stun(out);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->username, "ab:cd");
  EXPECT_EQ(out.size(), 20u + 12 + 24 + 8);
  Bytes input(kStunMaxMessage);
  input.resize(stun_integrity_input(out, *message, input));
  EXPECT_EQ(input, covered);
  EXPECT_EQ(stun_integrity_value(out, *message)[2], 3);
}

TEST(StunWriter, WritesErrorCodes) {
  Bytes out(kStunMaxMessage);
  StunWriter writer(out, StunClass::error, kStunBinding, kTransaction);
  writer.error_code(487, "Role Conflict");
  out.resize(writer.finish());
  EXPECT_EQ(Bytes(out.begin() + 20, out.begin() + 28), from_hex("00090011 00000457"));
  EXPECT_EQ(parse_stun(out)->error_code, 487);
}

TEST(StunWriter, SaysWhenTheMessageDoesNotFit) {
  Bytes out(64);
  for (std::size_t room = 0; room <= out.size(); ++room) {
    StunWriter writer(MutableBytes{out}.first(room), StunClass::request, kStunBinding, kTransaction);
    writer.username("ab:cd");
    writer.message_integrity([](BytesView) { return std::array<std::uint8_t, 20>{}; });
    writer.fingerprint();
    EXPECT_EQ(writer.finish(), room < 64 ? 0u : 64u);
  }
}

TEST(StunProperty, WrittenMessagesReadBackTheSame) {
  EXPECT_TRUE(rc::check([](std::string name, std::uint32_t priority, std::uint64_t tie_breaker, bool controlling,
                           bool nominate, bool v4, std::uint16_t port, bool with_integrity) {
    if (name.size() > 400) name.resize(400);
    const auto ip = *rc::gen::container<std::array<std::uint8_t, 16>>(rc::gen::arbitrary<std::uint8_t>());
    const SocketAddress address{v4 ? IpAddress::v4(ip[0], ip[1], ip[2], ip[3]) : IpAddress{ip}, port};
    Bytes out(kStunMaxMessage);
    StunWriter writer(out, StunClass::request, kStunBinding, kTransaction);
    writer.username(name);
    writer.priority(priority);
    if (controlling)
      writer.ice_controlling(tie_breaker);
    else
      writer.ice_controlled(tie_breaker);
    if (nominate) writer.use_candidate();
    writer.xor_mapped_address(address);
    if (with_integrity) writer.message_integrity([](BytesView) { return std::array<std::uint8_t, 20>{9}; });
    writer.fingerprint();
    out.resize(writer.finish());
    const auto message = parse_stun(out);
    RC_ASSERT(message.has_value());
    RC_ASSERT(message->username == name);
    RC_ASSERT(message->priority == priority);
    RC_ASSERT((controlling ? message->ice_controlling : message->ice_controlled) == tie_breaker);
    RC_ASSERT(!(controlling ? message->ice_controlled : message->ice_controlling));
    RC_ASSERT(message->use_candidate == nominate);
    RC_ASSERT(message->mapped_address == address);
    RC_ASSERT((message->integrity_offset != 0) == with_integrity);
  }));
}

TEST(StunProperty, DamageStaysInsideTheMessage) {
  for (const auto& valid : {kRequest, kResponse4, kResponse6}) {
    auto unprotected = valid;  // without FINGERPRINT damage gets further
    unprotected.resize(valid.size() - 8);
    store_u16(unprotected.data() + 2, static_cast<std::uint16_t>(unprotected.size() - kStunHeaderSize));
    for (const auto& bytes : {valid, unprotected})
      for_each_damage(bytes, [](BytesView datagram) {
        const auto message = parse_stun(datagram);
        if (!message) return;
        EXPECT_TRUE(lies_inside(as_bytes_view(message->username), datagram));
        EXPECT_TRUE(lies_inside(stun_integrity_value(datagram, *message), datagram));
        Bytes covered(kStunMaxMessage);
        EXPECT_EQ(stun_integrity_input(datagram, *message, covered), message->integrity_offset);
      });
  }
}

}  // namespace
}  // namespace bridgehall::wire
